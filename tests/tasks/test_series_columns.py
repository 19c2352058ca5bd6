"""Several columns, several recordings, inputs other than the target, free runs, and signals of a million samples."""

import re

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy.io import wavfile

from benchbench.core.errors import InputError
from benchbench.core.options import bind
from benchbench.core.registry import registered
from benchbench.core.windows import STARTS
from benchbench.tasks import series as module
from benchbench.tasks.series import MOST_VALID, series

SCHEMA = registered(module)[0].options
WALK = np.random.default_rng(0).standard_normal((900, 3)).cumsum(axis=0)


def make(length=10, seed=0, **options):
    return series(np.random.default_rng(seed), length, **bind(SCHEMA, options, "study"))


def raw(problem, array):
    """Inputs in the units of the file; of targets, the first features."""
    count = array.shape[-1]
    return array * np.array(problem.provenance["std"])[:count] + np.array(problem.provenance["mean"])[:count]


@pytest.fixture
def table(tmp_path):
    """A CSV file of three columns a, b and c."""
    file = tmp_path / "walk.csv"
    file.write_text("a,b,c\n" + "\n".join(",".join(map(repr, row)) for row in WALK.tolist()) + "\n")
    return str(file)


@pytest.fixture
def recordings(tmp_path):
    """Writes recordings that count on: the first from 0, the second from 10,000 and so on."""

    def write(*lengths):
        paths = []
        for number, length in enumerate(lengths):
            paths.append(str(tmp_path / f"part{number}.npy"))
            np.save(paths[-1], 1e4 * number + np.arange(float(length)))
        return paths

    return write


def test_several_columns_are_features_that_are_all_predicted(table):
    problem = make(path=table, columns=["c", 0], horizon=4)
    assert (problem.train.inputs.shape[2], problem.train.targets.shape[2]) == (2, 2)
    np.testing.assert_allclose(raw(problem, problem.train.inputs[0]), WALK[:10, [2, 0]], atol=1e-5)
    np.testing.assert_allclose(raw(problem, problem.train.targets[0]), WALK[13:14, [2, 0]], atol=1e-5)
    assert problem.provenance["columns"] == ["c", "a"]


def test_with_a_target_the_other_columns_are_only_inputs(table):
    problem = make(path=table, columns=["a", "b", "c"], target="b", horizon=2)
    np.testing.assert_allclose(raw(problem, problem.train.inputs[3]), WALK[3:13, [1, 0, 2]], atol=1e-5)
    np.testing.assert_allclose(raw(problem, problem.train.targets)[:50, 0, 0], WALK[11:61, 1], atol=1e-5)
    assert problem.train.targets.shape[1:] == (1, 1)
    assert problem.provenance["columns"] == ["b", "a", "c"]
    one = make(path=table, column="b", horizon=2)
    assert problem.test.targets.tobytes() == one.test.targets.tobytes()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"column": "a", "columns": ["b"]}, "column and columns are both given"),
        ({"columns": ["a", "a"]}, "columns: 'a' is given twice"),
        ({"columns": ["a", 0]}, "columns: 'a' is given twice"),
        ({"columns": ["a", "d"]}, "unknown column 'd'"),
        ({"columns": ["a", 3]}, "no column number 3; allowed: 0 to 2"),
        ({"target": "a"}, "target 'a' must be one of columns, which is empty"),
        ({"columns": ["a", "b"], "target": "c"}, "target 'c' must be one of columns, which is 'a', 'b'"),
        ({"columns": ["a", "b"], "target": "a", "free_run": 5}, "no future values for inputs other than the target"),
        ({"column": "a", "free_run": 500}, "free run of 500 steps from 50 starts takes 559 samples of test, .* fewer"),
        ({"column": "a", "stride": 10**25}, "stride 10+ is longer than the training part of 615 samples"),
        ({"column": "a", "horizon": 10**25}, "too short for windows of 10 and horizon 10"),
        ({"paths": ["a.csv"]}, "path and paths are both given"),
    ],
)
def test_options_that_do_not_fit_the_file_or_each_other_are_refused(table, options, said):
    with pytest.raises(InputError, match=said):
        make(path=table, **options)


@pytest.mark.parametrize("stride", [1e3, 1e25, 5.0, 0])
def test_a_stride_that_is_not_a_whole_number_is_refused_whatever_its_size(stride):
    with pytest.raises(InputError, match="stride: Input should be"):
        bind(SCHEMA, {"stride": stride}, "study")


@pytest.mark.parametrize(
    ("lengths", "split"),
    [((400,), None), ((400, 300), (1, 1, 1)), ((200, 300, 250), (1, 1, 1)), ((100,) * 10, (6, 2, 2))],
)
def test_several_recordings_are_split_by_recording_and_no_window_crosses_two(recordings, lengths, split):
    problem = make(paths=recordings(*lengths), horizon=3)
    seen = []
    for part in (problem.train, problem.valid, problem.test):
        inputs, targets = raw(problem, part.inputs)[:, :, 0], raw(problem, part.targets)[:, 0, 0]
        assert (np.diff(np.rint(inputs), axis=1) == 1).all()
        assert (np.rint(targets) - np.rint(inputs[:, -1]) == 3).all()
        seen.append({int(value // 1e4) for value in np.rint(inputs[:, 0])})
    if split is None:
        assert "recordings" not in problem.provenance
        return
    assert tuple(map(len, seen)) == split
    assert not seen[2] & (seen[0] | seen[1])
    assert [len(names) for names in problem.provenance["recordings"].values()] == list(split)
    assert len(problem.provenance["sha256"]) == len(lengths)


def test_the_scaler_of_several_recordings_is_fitted_on_those_of_training(recordings):
    problem = make(paths=recordings(200, 300, 250, 220))
    trained = np.concatenate([np.arange(200.0), 1e4 + np.arange(300.0)])
    assert problem.provenance["mean"][0] == pytest.approx(trained.mean(), rel=1e-12)
    assert problem.provenance["std"][0] == pytest.approx(trained.std(), rel=1e-12)


def test_the_first_of_two_recordings_leaves_a_gap_between_training_and_validation(recordings):
    problem = make(paths=recordings(400, 300), horizon=3)
    last = raw(problem, problem.train.targets).max()
    first = raw(problem, problem.valid.inputs).min()
    assert first - last - 1 == pytest.approx(13, abs=0.5)


def test_recordings_that_do_not_go_together_are_refused(recordings, tmp_path):
    one, two, three = recordings(200, 300, 9)
    with pytest.raises(InputError, match=r"part0\.npy and part0\.npy are the same recording"):
        make(paths=[one, two, one])
    with pytest.raises(InputError, match=r"part2\.npy has 9 samples, too few for a window of 10 and 1 ahead"):
        make(paths=[one, two, three])
    for name, rate in (("slow.wav", 100), ("fast.wav", 200)):
        wavfile.write(tmp_path / name, rate, WALK[:, 0].astype(np.float32) + rate)
    with pytest.raises(InputError, match=r"slow\.wav has 100 Hz, but fast\.wav has 200"):
        make(paths=[str(tmp_path / "slow.wav"), str(tmp_path / "fast.wav")])
    for name in ("load", "temp"):
        (tmp_path / f"{name}.csv").write_text(f"{name}\n" + "\n".join(map(repr, (WALK[:, 0] + len(name)).tolist())))
    files = [str(tmp_path / f"{name}.csv") for name in ("load", "temp")]
    (tmp_path / "temp.csv").write_text((tmp_path / "temp.csv").read_text() + "\n0.5")
    with pytest.raises(InputError, match=r"'load' of load\.csv and 'temp' of temp\.csv, have different names"):
        make(paths=files)
    assert make(paths=files, column=0).provenance["column"] == "load"


def test_a_free_run_has_fifty_starts_from_the_second_half_of_the_test_part(tmp_path):
    walk, table = np.random.default_rng(1).standard_normal((2000, 2)).cumsum(axis=0), str(tmp_path / "walk.csv")
    np.savetxt(table, walk, delimiter=",", header="a,b", comments="", fmt="%.17g")
    problem = make(path=table, column="a", free_run=40)
    run = problem.free_run
    assert (run.prefix.shape, run.truth.shape) == ((STARTS, 10, 1), (STARTS, 40, 1))
    whole = raw(problem, np.concatenate([run.prefix, run.truth], axis=1))[:, :, 0]
    known = sliding_window_view(walk[:, 0], 50)
    begins = [int(np.abs(known - stretch).max(axis=1).argmin()) for stretch in whole]
    start, stop = problem.provenance["ranges"]["test"]
    assert begins[-1] == stop - 50
    windows = raw(problem, np.concatenate([problem.test.inputs, problem.test.targets], axis=1))[:, :, 0]
    ends = [int(np.abs(walk[start:stop, 0] - window[-1]).argmin()) + start for window in windows]
    assert max(ends) < begins[0] <= max(ends) + 13, "no window shows a step of a free run"
    assert begins[0] - start == pytest.approx((stop - start) / 2, abs=13)
    assert len(set(begins)) == STARTS
    for begin, stretch in zip(begins, whole, strict=True):
        np.testing.assert_allclose(stretch, walk[begin : begin + 50, 0], atol=1e-5)
    assert make(path=table, column="a", free_run=40, horizon=2).free_run is None
    assert make(path=table, column="a").free_run is None
    assert make(path=table, columns=["a", "b"], free_run=5).free_run.truth.shape == (STARTS, 5, 2)


def test_free_runs_in_a_long_validation_part_choose_option_sets(tmp_path):
    walk, table = np.random.default_rng(1).standard_normal(2000).cumsum(), str(tmp_path / "walk.csv")
    np.savetxt(table, walk[:, None], header="a", comments="", fmt="%.17g")
    problem = make(path=table, free_run=60)
    run = problem.valid_run
    whole = raw(problem, np.concatenate([run.prefix, run.truth], axis=1))[:, :, 0]
    start, stop = problem.provenance["ranges"]["valid"]
    begins = np.linspace(start, stop - 70, STARTS).round().astype(int)
    np.testing.assert_allclose(whole, [walk[begin : begin + 70] for begin in begins], atol=1e-5)
    assert make(path=table, free_run=1, horizon=2).valid_run is None


def test_a_validation_part_too_short_for_fifty_starts_has_none_and_the_free_run_stays(recordings):
    others = (400, 300, 60, 100, 200, 30)
    short = make(paths=recordings(*others, 35, 40, 170, 165), free_run=20)
    assert short.valid_run is None
    assert len(short.free_run.prefix) == STARTS
    assert len(make(paths=recordings(*others, 90, 80, 170, 165), free_run=20).valid_run.prefix) == STARTS


def test_free_runs_of_several_recordings_stay_within_one_recording(recordings):
    run = make(paths=recordings(400, 300, 60, 100, 200, 30, 90, 80, 170, 165), free_run=20).free_run
    whole = np.concatenate([run.prefix, run.truth], axis=1)[:, :, 0]
    steps = np.diff(whole, axis=1)
    np.testing.assert_allclose(steps, np.median(steps), atol=1e-5)
    assert len({round(float(value), 1) for value in whole[:, 0]}) == 2, "both test recordings have starts"


def test_a_million_samples_are_thinned_and_the_provenance_says_so(tmp_path):
    np.save(tmp_path / "long.npy", np.random.default_rng(0).standard_normal(1_000_000))
    path = str(tmp_path / "long.npy")
    chosen = make(path=path, length=100)
    assert [len(part) for part in (chosen.train, chosen.valid, chosen.test)] == [9997, 2141, 2141]
    assert chosen.provenance["stride"] == 70
    [said] = chosen.provenance["thinned"]
    assert said == "A window starts every 70 samples, so that training has at most 10,000 windows."
    given = make(path=path, length=100, stride=1)
    assert len(given.train) > 600_000
    assert len(given.valid) <= MOST_VALID
    [said] = given.provenance["thinned"]
    assert said == f"Validation takes {len(given.valid):,} of its 149,870 windows, evenly spread."
    assert np.shares_memory(given.train.inputs[0], given.train.inputs[1])


@pytest.mark.parametrize("samples", [5_000, 14_000])
def test_a_signal_that_is_not_long_keeps_every_window(tmp_path, samples):
    np.save(tmp_path / "short.npy", np.random.default_rng(0).standard_normal(samples))
    chosen, given = (make(path=str(tmp_path / "short.npy"), **options) for options in ({}, {"stride": 1}))
    assert "thinned" not in chosen.provenance
    assert chosen.provenance == given.provenance
    for part in ("train", "valid", "test"):
        assert getattr(chosen, part).inputs.tobytes() == getattr(given, part).inputs.tobytes()


@pytest.mark.parametrize(
    ("head", "fact", "said"),
    [
        ("seconds", {"clock_hz": 100.0}, "slow.csv has 100 Hz, but fast.csv has 200 Hz"),
        (
            "t",
            {"time_step": 0.01, "time_column": "t"},
            "slow.csv has times 0.01 apart, but fast.csv has times 0.005 apart",
        ),
    ],
)
def test_a_column_of_times_tells_the_rate_and_recordings_of_two_rates_are_refused(tmp_path, head, fact, said):
    for name, step in (("slow", 0.01), ("fast", 0.005)):
        rows = [f"{i * step:.3f},{value:.6f}" for i, value in enumerate(WALK[:300, 0] + step)]
        (tmp_path / f"{name}.csv").write_text("\n".join([f"{head},voltage", *rows]))
    files = [str(tmp_path / f"{name}.csv") for name in ("slow", "fast")]
    assert fact.items() <= make(path=files[0], column="voltage").provenance.items()
    with pytest.raises(InputError, match=re.escape(said)):
        make(paths=files, column="voltage")


@pytest.mark.parametrize("head", ["seconds", "counter"])
def test_rounded_times_and_columns_that_only_rise_do_not_count_as_another_rate(tmp_path, head):
    for name, rows, step in (("long", 300, 1 / 360), ("short", 30, 1 / 360 if head == "seconds" else 2.0)):
        lines = [f"{i * step:.3f},{value:.6f}" for i, value in enumerate(WALK[:rows, 0] + rows)]
        (tmp_path / f"{name}.csv").write_text("\n".join([f"{head},voltage", *lines]))
    files = [str(tmp_path / f"{name}.csv") for name in ("long", "short")]
    assert ("clock_hz" in make(paths=files, column="voltage").provenance) == (head == "seconds")
