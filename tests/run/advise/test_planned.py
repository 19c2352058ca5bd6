"""Plans of studies for files that were looked at, with made-up timings."""

import pytest
from ten_signals import MILLION, SIGNALS, wave

from benchbench.core import registry
from benchbench.core.errors import InputError
from benchbench.core.study import read
from benchbench.run.advise import planned as module
from benchbench.run.advise.outline import written
from benchbench.run.advise.planned import Request, outline, planned
from benchbench.run.advise.timing import Pace, Timing
from benchbench.signals.clean_steps import clean_options
from benchbench.signals.files.table import Form
from benchbench.signals.look import look


def asked(minutes=5.0, clean=None, horizon=10):
    return Request(
        reading={}, clean=clean or {}, horizon=horizon, seconds=60 * minutes, jobs=2, command="benchbench try a.csv"
    )


def timed(first, *, jobs, **_):
    """Half a second for a trial, and a millisecond for an update of 100 steps."""
    paces = tuple(Pace(length, 1e-5 * length, None) for length in first.lengths for _ in range(4))
    return Timing(seconds=dict.fromkeys(first.lengths, 2.0), paces=paces, start=3.0, jobs=jobs)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(module, "timed", timed)
    monkeypatch.setattr(module, "report_seconds", lambda lengths: 5.0)


def seen(folder, name, values):
    (folder / name).write_text("x\n" + "\n".join(f"{value:.4f}" for value in values))
    return look(str(folder / name), Form(), None, {})


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long if name == "million" else ()) for name in SIGNALS]
)
def test_each_foreign_signal_gets_a_study_that_can_be_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file, expected = SIGNALS[name](tmp_path)
    clean = clean_options(expected.clean)
    found = look(str(file), Form(), *(expected.arguments[1:] or (None,)), clean)
    plan = planned([found], asked(clean=clean), began=0.0, clock=lambda: 10.0)
    study = read(written(tmp_path, tmp_path / "results", plan.outline)[0])
    assert study.seeds >= 5
    assert study.lengths[0] == pytest.approx(expected.period, abs=1)
    assert plan.seconds < 300
    trials = study.trials(registry.load())
    assert {trial.architecture for trial in trials} == {
        "rnn", "lstm", "gru", "esn", "linear", "persistence", "mean",
    }  # fmt: skip
    assert {trial.engine for trial in trials if trial.architecture in {"rnn", "lstm", "gru"}} == {"numba"}
    assert trials[0].task_options["column"] == expected.column
    assert "/" not in trials[0].task_options["path"]
    assert found.profile.samples == (MILLION if name == "million" else expected.samples)


@pytest.mark.usefixtures("quick")
def test_a_second_length_is_timed_only_where_the_first_took_less_than_a_fifth_of_the_minutes(tmp_path):
    one = seen(tmp_path, "a.csv", wave())
    assert len(planned([one], asked(minutes=0.8), began=0.0, clock=lambda: 10.0).outline.lengths) == 1
    assert len(planned([one], asked(minutes=5), began=0.0, clock=lambda: 10.0).outline.lengths) == 2


def test_several_files_are_recordings_whose_paths_are_in_the_study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recordings = [seen(tmp_path, f"{day}.csv", wave(seed=day)) for day in range(3)]
    made = outline(recordings, asked())
    assert made.task["paths"] == ["0.csv", "1.csv", "2.csv"]
    assert made.lengths == (40, 80)


def test_a_short_recording_among_several_shortens_the_windows(tmp_path):
    recordings = [seen(tmp_path, f"{day}.csv", wave(60 if day == 2 else 4_000, seed=day)) for day in range(3)]
    made = outline(recordings, asked())
    assert max(made.lengths) + 10 <= 60


def test_the_same_recording_twice_is_refused(tmp_path):
    recordings = [seen(tmp_path, name, wave()) for name in ("a.csv", "b.csv")]
    with pytest.raises(InputError, match=r"a\.csv and b\.csv have the same content, so that training data"):
        outline(recordings, asked())


def test_recordings_with_other_columns_or_steps_are_refused(tmp_path):
    one = seen(tmp_path, "a.csv", wave())
    (tmp_path / "b.csv").write_text("y\n" + "\n".join(f"{value:.4f}" for value in wave(seed=1)))
    with pytest.raises(InputError, match=r"different columns, 'x' of a\.csv and 'y' of b\.csv"):
        outline([one, look(str(tmp_path / "b.csv"), Form(), None, {})], asked())
    for name, step in (("c.csv", 0.01), ("d.csv", 0.02)):
        rows = "\n".join(f"{step * i:.2f},{value:.4f}" for i, value in enumerate(wave(seed=int(100 * step))))
        (tmp_path / name).write_text("s,x\n" + rows)
    both = [look(str(tmp_path / name), Form(), None, {}) for name in ("c.csv", "d.csv")]
    with pytest.raises(InputError, match=r"different steps between samples: c\.csv 0\.01, d\.csv 0\.02"):
        outline(both, asked())
