"""The cleaning of signals and of ECG records: no window ends in a gap, none is scored on one."""

import numpy as np
import pytest

from benchbench.core.errors import InputError
from benchbench.core.options import bind
from benchbench.core.registry import registered
from benchbench.tasks import ecg as ecg_module
from benchbench.tasks import series as series_module

SERIES, ECG = (registered(module)[0] for module in (series_module, ecg_module))
RAMP = np.arange(3000.0)


def make(plugin, length=20, seed=0, **options):
    return plugin.function(np.random.default_rng(seed), length, **bind(plugin.options, options, "study"))


def raw(problem, array):
    return np.rint(array * problem.provenance["std"][0] + problem.provenance["mean"][0]).astype(int)


@pytest.fixture
def holes(tmp_path):
    """A ramp with gaps, which rows are missing, and its file."""
    missing = np.concatenate([np.arange(100, 110), [500], np.arange(2200, 2240), [2700, 2702]])
    signal = RAMP.copy()
    signal[missing] = np.nan
    np.save(tmp_path / "holes.npy", signal)
    return set(missing.tolist()), str(tmp_path / "holes.npy")


def test_no_window_ends_in_a_gap_and_no_target_lies_in_one(holes):
    missing, path = holes
    problem = make(SERIES, path=path, clean=["interpolate"], horizon=5)
    whole, left = 0, 0
    for name in ("train", "valid", "test"):
        split = getattr(problem, name)
        ends, targets = raw(problem, split.inputs)[:, -1, 0], raw(problem, split.targets)[:, 0, 0]
        assert (targets == ends + 5).all()
        assert not missing & {*ends.tolist(), *targets.tolist()}
        start, stop = problem.provenance["ranges"][name]
        allowed = [end for end in range(start + 19, stop - 5) if not {end, end + 5} & missing]
        assert ends.tolist() == allowed
        whole, left = whole + stop - start - 24, left + len(ends)
    [said] = problem.provenance["thinned"]
    assert said == f"{whole - left} windows are left out, since they end in a gap or their target is in one."
    assert sum(problem.provenance["clean"]["filled"]) == len(missing & {*range(2000)}) + len(missing - {*range(2000)})


def test_without_interpolation_a_gap_is_refused(holes):
    with pytest.raises(InputError, match="53 of 3000 values are not finite numbers: row 101 is missing"):
        make(SERIES, path=holes[1], clean=["clip"])
    with pytest.raises(InputError, match=r"rows 2201 to 2240 are missing, 40 in a row, more than longest_gap = 39"):
        make(SERIES, path=holes[1], clean=["interpolate"], longest_gap=39)


def test_text_and_infinite_values_are_no_gaps(tmp_path):
    for text in ("abc", "inf"):
        (tmp_path / "a.csv").write_text("\n".join([*map(str, range(300)), text, *map(str, range(300))]))
        with pytest.raises(InputError, match=f"row 301 is '{text}'"):
            make(SERIES, path=str(tmp_path / "a.csv"), clean=["interpolate"])


@pytest.mark.parametrize(
    "options",
    [
        {"clip_at": 0.5},
        {"median_samples": 1},
        {"cutoff": 0.5},
        {"cutoff": 0.0},
        {"longest_gap": 0},
        {"embedding": 0},
        {"frequency_window": 7},
        {"clean": ["highpass"]},
    ],
)
def test_a_parameter_out_of_its_range_is_refused(options):
    with pytest.raises(InputError, match=next(iter(options))):
        bind(SERIES.options, options, "study")


def test_past_values_and_frequencies_are_further_inputs_and_not_targets(tmp_path):
    signal = np.sin(2 * np.pi * np.arange(3000) / 20) + 0.1 * np.random.default_rng(0).standard_normal(3000)
    np.save(tmp_path / "a.npy", signal)
    path = str(tmp_path / "a.npy")
    options = {"embedding": 2, "delay": 5, "frequencies": 1, "frequency_window": 40, "horizon": 3}
    problem = make(SERIES, path=path, **options)
    assert (problem.train.inputs.shape[2], problem.train.targets.shape[2]) == (3, 1)
    mean, std = (np.array(problem.provenance[name]) for name in ("mean", "std"))
    inputs = problem.train.inputs[0] * std + mean
    np.testing.assert_allclose(inputs[:, 0], signal[39:59], atol=1e-5)
    np.testing.assert_allclose(inputs[:, 1], signal[34:54], atol=1e-5)
    np.testing.assert_allclose(inputs[:, 2], 1, atol=0.1)
    assert problem.train.targets[0, 0, 0] * std[0] + mean[0] == pytest.approx(signal[61], abs=1e-5)
    with pytest.raises(InputError, match="a free run has no future values for inputs other than the target"):
        make(SERIES, path=path, embedding=2, free_run=10)
    np.save(tmp_path / "two.npy", np.stack([signal, -signal], axis=1))
    with pytest.raises(InputError, match="embedding and frequencies take one column"):
        make(SERIES, path=str(tmp_path / "two.npy"), columns=[0, 1], embedding=2)


@pytest.fixture
def record(tmp_path, write_record):
    """Records 101 and 103, 101 with a gap of 20 samples in the middle and one outlier."""
    signal = np.sin(np.arange(36_000) / 30)
    for name in ("101", "103"):
        changed = signal.copy()
        if name == "101":
            changed[18_000:18_020], changed[5_000] = np.nan, 9.0
        write_record(tmp_path, name, changed)
    return str(tmp_path)


def test_an_ecg_with_a_gap_and_an_outlier_is_cleaned(record):
    options = {"path": record, "records": ["101"], "duration": 0.0, "rate": 360.0, "stride": 1}
    with pytest.raises(InputError, match="20 samples are missing: 18000"):
        make(ECG, **options)
    problem = make(ECG, **options, clean=["interpolate", "clip"], clip_at=3.0)
    said = problem.provenance["clean"]
    assert (said["filled"], said["clipped"]) == ([20, 0, 0], [1, 0, 0])
    assert problem.train.inputs.max() * problem.provenance["std"][0] < 3.2
    [left_out] = problem.provenance["thinned"]
    assert left_out.startswith("30 windows are left out")  # 20 of the gap, 10 of the horizon
    for steps in (["interpolate", "median"], ["interpolate", "lowpass"]):
        assert make(ECG, **options, clean=steps).provenance["clean"]["steps"] == steps
    with pytest.raises(InputError, match=r"is 0\.5 times the rate; it must be below half"):
        make(ECG, **options, clean=["interpolate", "lowpass"], cutoff_hz=180.0)


def test_after_resampling_no_window_ends_near_a_gap(record):
    options = {"path": record, "records": ["101"], "duration": 0.0, "rate": 120.0, "stride": 1}
    [said] = make(ECG, **options, clean=["interpolate"]).provenance["thinned"]
    count = int(said.split()[0])
    assert 2 * 20 / 3 < count <= 2 * (20 / 3 + 22)  # the gap as end and as target, and ten samples to each side


def test_beats_of_a_record_keep_their_position_if_features_are_added(wfdb_folder):
    options = {"path": str(wfdb_folder), "records": ["101", "103"], "windows": "beats", "duration": 0.0, "horizon": 3}
    plain, more = make(ECG, **options), make(ECG, **options, embedding=3, delay=4)
    assert (more.test.inputs.shape[2], more.test.targets.shape[2]) == (3, 1)
    last = [p.test.inputs[-5:, -1, 0] * p.provenance["std"][0] + p.provenance["mean"][0] for p in (plain, more)]
    np.testing.assert_allclose(*last, atol=1e-5)
