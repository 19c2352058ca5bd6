"""``benchbench try``: from a file to five lines, and input that it refuses before it writes anything."""

import re
import threading
import tomllib
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from ten_signals import SIGNALS, wave

from benchbench.cli import try_signal
from benchbench.core import store
from benchbench.run.advise import amounts, planned
from benchbench.run.advise.timing import Pace, Timing


@pytest.fixture
def toy(monkeypatch, undrawn):
    """The smallest possible study: one seed of 20 updates at one length."""
    monkeypatch.setattr(planned, "_EARLY", 0.0)
    monkeypatch.setattr(amounts, "_WISHES", ((1, 1, 20),))
    monkeypatch.setattr(amounts, "MOST_UPDATES", 20)


@pytest.fixture
def signal(tmp_path):
    rows = [f"{i / 100:.2f},{value:.4f}" for i, value in enumerate(wave(600, period=25))]
    (tmp_path / "signal.csv").write_text("\n".join(["seconds,voltage", *rows]) + "\n")
    return tmp_path / "signal.csv"


@pytest.mark.long
@pytest.mark.usefixtures("toy", "signal")
def test_a_file_becomes_a_study_a_report_and_five_lines(cli, tmp_path):
    done = cli("try", "signal.csv", "--column", "voltage", "--horizon", "3", "--minutes", "20", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "signal.csv: column voltage; left out as time: seconds"
    assert lines[1] == "  600 samples, 100 Hz; missing: none; outliers: none"
    assert lines[2].startswith("  dominant period: 25 samples (0.25 s); correlation of neighbours")
    assert [line.split(":")[0] for line in lines[-5:]] == ["Take", "Cost", "Sure", "Baselines", "Next"]
    assert "\x1b" not in done.stdout
    study = tomllib.loads((tmp_path / "signal.toml").read_text())
    assert study["budgets"][0]["updates"] == 20
    assert study["tasks"]["series"] == {"path": "signal.csv", "column": "voltage", "horizon": 3}
    records = [line.record for line in store.read(tmp_path / "results", "signal")]
    assert sorted(record.trial.architecture for record in records) == sorted(study["architectures"])
    assert {record.status.value for record in records} == {"ok"}
    assert (tmp_path / "results" / "report" / "signal" / "report.md").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"signal.csv", "signal.toml", "results"}


SPOILT = {
    "gaps.csv": "x\n" + "\n".join(["1", "2", "", "4", "3", "2"] * 20),
    "flat.csv": "x\n" + "7\n" * 100,
    "short.csv": "x\n" + "\n".join(str(i % 7 + i / 100) for i in range(40)),
    "prose.csv": "Dear all,\nthis is a letter.\n",
    "two.csv": "left,right\n" + "\n".join(f"{i % 5},{i % 7}" for i in range(300)),
    "late.csv": "time,x\n" + "\n".join(f"{i + 0.4 * (i == 7)},{i % 5}" for i in range(300)),
}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.csv",), "nowhere.csv: no such file"),
        (("gaps.csv",), "missing, in rows 3, 9, 15 ... (row 1 is line 2): --clean interpolate fills them"),
        (("flat.csv",), "is constant: every value is 7"),
        (("short.csv",), "short.csv: the signal is too short"),
        (("prose.csv",), "prose.csv"),
        (("two.csv",), "2 columns may be the signal: left, right; choose one, such as --column left"),
        (("two.csv", "--column", "lift"), "unknown column 'lift'; did you mean 'left'"),
        (("late.csv",), "irregular sampling: by column 'time'"),
        (("two.csv", "--column", "left", "--clean", "clib"), "unknown step 'clib'; did you mean 'clip'"),
        (("two.csv", "--column", "left", "--clean", "clip=-1"), "clip takes 1 to 1000 deviations, not '-1'"),
        (("two.csv", "--column", "left", "--minutes", "0"), "--minutes"),
        (("two.csv", "--column", "left", "--horizon", "0"), "--horizon"),
        (("two.csv", "--column", "left", "--results", "flat.csv"), "flat.csv is not a folder; choose another folder"),
        (("two.csv", "two.csv", "--column", "left"), "have the same content, so that training data would be tested"),
        (("two.csv", "late.csv", "--column", "left"), "unknown column 'left'"),
    ],
)
def test_bad_input_gives_one_message_and_exit_code_2_and_nothing_is_written(cli, tmp_path, arguments, said):
    for name, text in SPOILT.items():
        (tmp_path / name).write_text(text)
    done = cli("try", *arguments, "--quiet")
    assert done.returncode == 2, done.stderr
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == set(SPOILT)


@pytest.mark.usefixtures("signal")
def test_the_message_on_too_few_minutes_says_how_many_are_needed_and_nothing_is_written(cli, tmp_path, monkeypatch):
    def timed(first, **_):
        [length] = first.lengths
        return Timing(seconds={length: 4.0}, paces=(Pace(length, 0.01, None),), start=3.0, jobs=1)

    monkeypatch.setattr(planned, "timed", timed)
    done = cli("try", "signal.csv", "--minutes", "0.1")
    assert done.returncode == 2
    assert "--minutes 0.1 is too few: one seed of 100 updates takes about" in done.stderr
    assert re.search(r"Give --minutes \d+, or more\n", done.stderr)
    assert {path.name for path in tmp_path.iterdir()} == {"signal.csv"}


@pytest.mark.usefixtures("signal")
@pytest.mark.parametrize("when", ["planned", "run_study"])
def test_the_message_after_an_interrupt_says_how_to_continue_and_no_file_is_incomplete(
    cli, tmp_path, monkeypatch, when
):
    def timed(first, **_):
        [length] = first.lengths
        return Timing(seconds={length: 0.1}, paces=(Pace(length, 1e-5, None),), start=0.1, jobs=1)

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(planned, "_EARLY", 0.0)
    monkeypatch.setattr(planned, "timed", timed)
    monkeypatch.setattr(try_signal, when, interrupted)
    cleaning = "interpolate,clip=6,median=5,lowpass=0.1"
    done = cli("try", "signal.csv", "--minutes", "20", "--results", "mine", "--clean", cleaning)
    assert done.returncode == 130
    said = {
        "planned": "interrupted; nothing was written, and the same command starts from the beginning",
        "run_study": "interrupted; finished trials are kept: benchbench run signal.toml --results mine continues from "
        "here, and then benchbench report signal --results mine writes the report",
    }
    assert done.stderr.splitlines()[-1] == said[when]
    assert {path.name for path in tmp_path.iterdir()} == {"signal.csv", *(["signal.toml"] * (when == "run_study"))}


@pytest.fixture
def peak():
    """A list with one number: the most bytes of this process and its descendants, with shared pages counted once."""
    found, over = [0], threading.Event()

    def watch():
        while not over.wait(0.2):
            tree, here = 0, psutil.Process()
            for one in (here, *here.children(recursive=True)):
                with suppress(psutil.Error):
                    tree += one.memory_full_info().pss
            found[0] = max(found[0], tree)

    thread = threading.Thread(target=watch)
    thread.start()
    yield found
    over.set()
    thread.join()


@pytest.mark.long
@pytest.mark.usefixtures("toy")
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux's count of shared pages")
@pytest.mark.parametrize("name", SIGNALS)
def test_each_foreign_signal_leads_to_an_answer_within_two_gibibytes(cli, tmp_path, name, peak):
    file, expected = SIGNALS[name](tmp_path)
    cleaning = ("--clean", expected.clean) if expected.clean else ()
    done = cli("try", file.name, "--minutes", "20", *cleaning, *expected.arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-5].startswith("Take:")
    [study] = tmp_path.glob("*.toml")
    assert {line.record.status.value for line in store.read(tmp_path / "results", study.stem)} == {"ok"}
    assert 0 < peak[0] < 2 * 2**30
