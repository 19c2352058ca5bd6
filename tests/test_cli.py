"""The verbs as a user types them: exit codes, messages, what they leave behind."""

import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from benchbench import __version__

STUDY = """
name = "tiny"
lengths = [20]
seeds = 2
[[budgets]]
name = "few"
width = 4
updates = 4
batch = 16
[tasks.noisy_sine]
[architectures.gru]
[architectures.esn]
[architectures.linear]
[architectures.persistence]
[architectures.mean]
"""


@pytest.fixture(autouse=True)
def _tiny(tmp_path):
    (tmp_path / "tiny.toml").write_text(STUDY)


def test_a_study_becomes_records_and_a_report(cli, tmp_path, drawn_once):
    done = cli("run", "tiny.toml")
    assert done.returncode == 0, done.stderr
    assert "10 trials, 10 ok" in done.stdout
    steps, lines = done.stderr.splitlines()[:-10], done.stderr.splitlines()[-10:]
    assert [line.partition(" ")[0] for line in steps] == ["loading", "checking", "10", "measuring"]
    assert [line.partition(":")[0] for line in lines] == [f"{i} of 10" for i in range(1, 11)]
    assert all(": ok, fit " in line and " s, test mse " in line for line in lines)
    assert all(re.search(r"; \d+ s left$", line) for line in lines[:-1])
    done = cli("report", "tiny")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "results" / "report" / "tiny" / "report.md").read_text()
    assert "noisy_sine" in page
    pictures = re.findall(r"\((figures/[^)]+)\)", page)
    assert pictures
    drawn = [(tmp_path / "results/report/tiny" / picture).with_suffix(".svg") for picture in pictures]
    assert all(picture.stat().st_size > 1000 for picture in drawn)
    done = cli("run", "tiny.toml")
    assert done.returncode == 0
    assert done.stderr.splitlines()[1:] == ["10 of 10 trials are recorded already"]
    done = cli("run", "tiny.toml", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert "10 trials, 10 ok" in done.stdout


def test_quiet_and_verbose_exclude_each_other(cli):
    done = cli("run", "tiny.toml", "--quiet", "--verbose")
    assert done.returncode == 2
    assert "--quiet and --verbose exclude each other" in done.stderr


def test_the_version_is_shown(cli):
    done = cli("--version")
    assert (done.returncode, done.stdout) == (0, f"benchbench {__version__}\n")


def test_a_shell_can_complete_verbs(capsys, monkeypatch):
    from benchbench.cli.app import app

    monkeypatch.setenv("_BENCHBENCH_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "benchbench re")
    monkeypatch.setenv("COMP_CWORD", "1")
    with pytest.raises(SystemExit):
        get_command(app).main(args=[], prog_name="benchbench")
    assert capsys.readouterr().out.split() == ["report", "repeat", "reproduce"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "quik"), "unknown study 'quik'. Nearest of those shipped: quick, "),
        (("run", "none.toml"), "no such file"),
        (("run", "tiny.toml", "--device", "gpu"), "Allowed: cpu"),
        (("run", "tiny.toml", "--engine", "nunba"), "unknown engine 'nunba'; did you mean 'numba'"),
        (("run", "tiny.toml", "--plugin", "none.py"), "no such file"),
        (("run", "tiny.toml", "--jobs", "0"), "jobs"),
        (("run", "tiny.toml", "--timeout", "-1"), "timeout"),
        (("run", "tiny.toml", "--machine", "a/b"), "machine"),
        (("report", "nothing"), "no records; run `benchbench run STUDY` first"),
        (("report", "quick"), "no records; run `benchbench run quick` first"),
        (("report", "../nothing"), "nothing"),
        (("list", "taks"), "did you mean 'tasks'"),
        (("check", "none.py"), "no such file"),
        (("compare", "tiny.tml", "tiny.toml"), "unknown file or folder"),
        (("compare", "tiny.toml", "tiny.toml"), "not JSON"),
        (("compare", "tiny.toml", "tiny.toml", "--fail-above", "0.9"), "--fail-above 0.9: it must be above 1"),
        (("compare", "tiny.toml", "tiny.toml", "--margin", "0.9"), "must be at least 1"),
    ],
)
def test_bad_input_gives_one_message_and_exit_code_2_and_leaves_nothing(cli, tmp_path, arguments, said):
    done = cli(*arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seeds = 2", "sedes = 2", "did you mean 'seeds'"),
        ("lengths = [20]", "lengths = [5000]", "5000"),
        ("width = 4", "parameters = 2", "no width meets"),
        ("[architectures.gru]", "[architectures.gru]\nlayer = 2", "did you mean 'layers'"),
        ("[tasks.noisy_sine]", '[tasks.ecg]\npath = "."', "106"),
    ],
)
def test_a_malformed_study_names_file_and_key(cli, tmp_path, old, new, said):
    assert old in STUDY
    (tmp_path / "tiny.toml").write_text(STUDY.replace(old, new))
    done = cli("run", "tiny.toml")
    assert done.returncode == 2, done.stderr
    assert "tiny.toml" in done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()


def test_list_names_everything_with_its_options(cli):
    done = cli("list")
    for name in ("rnn", "lstm", "gru", "esn", "linear", "mackey_glass", "ecg_synthetic", "quick", "main"):
        assert name in done.stdout
    assert "learning_rate = 0.003" in done.stdout


def test_check_says_which_promise_a_plug_in_breaks_and_exits_with_one(cli, tmp_path):
    (tmp_path / "bad.py").write_text(
        "from benchbench import Size, architecture\n"
        "class Bad:\n"
        "    size = Size(trained=1)\n"
        "    def fit(self, train, valid, meter): pass\n"
        "    def predict(self, inputs): return inputs[:, :1] * float('nan')\n"
        "@architecture('bad', version=1)\n"
        "def bad(setting): return Bad()\n"
    )
    done = cli("check", "bad.py")
    assert done.returncode == 1
    assert "FAIL" in done.stdout
    assert "NaN" in done.stdout


PLUGINS = {
    "torch architecture": '''
from torch import nn
from benchbench import architecture
from benchbench.learn import Gradient

@architecture("minimal", version=1)
def minimal(setting, *, learning_rate: float = 1e-2):
    """An RNN with a ReLU."""
    core = lambda inputs, width: nn.RNN(inputs, width, nonlinearity="relu", batch_first=True)
    return Gradient(setting, core, learning_rate=learning_rate)
''',
    "scikit-learn regressor": '''
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.neighbors import KNeighborsRegressor
from benchbench import Size, architecture

@architecture("minimal", version=1)
def minimal(setting, *, neighbours: int = 3, steps: int = 4):
    """Nearest neighbours of the last few steps."""
    return Neighbours(setting, neighbours, steps)

class Neighbours:
    size = Size(trained=0)
    def __init__(self, setting, neighbours, steps):
        self.setting, self.steps = setting, steps
        self.model = KNeighborsRegressor(neighbours)
    def rows(self, inputs):
        recent = sliding_window_view(inputs, self.steps, axis=1)[:, -self.setting.scored:]
        return recent.reshape(-1, self.steps * self.setting.inputs)
    def fit(self, train, valid, meter):
        meter.spend()
        self.model.fit(self.rows(train.inputs), train.targets.reshape(-1, self.setting.outputs))
    def predict(self, inputs):
        flat = self.model.predict(self.rows(inputs))
        return flat.reshape(len(inputs), self.setting.scored, self.setting.outputs).astype(np.float32)
''',
    "task": '''
import numpy as np
from benchbench import Problem, Split, task

@task("minimal", version=1)
def minimal(rng, length, *, sequences: int = 60):
    """Running sums of noise."""
    steps = rng.standard_normal((3, sequences, length, 1)).astype(np.float32)
    sums = steps.cumsum(axis=2) * np.float32(0.5)
    parts = [Split(inputs=a, targets=b) for a, b in zip(steps, sums)]
    return Problem(train=parts[0], valid=parts[1], test=parts[2])
''',
}


@pytest.mark.long
@pytest.mark.parametrize("kind", PLUGINS)
def test_a_third_partys_plug_in_is_one_file(cli, tmp_path, kind):
    (tmp_path / "mine.py").write_text(PLUGINS[kind])
    done = cli("check", "mine.py")
    assert done.returncode == 0, done.stdout
    name, table = ("task", "tasks") if kind == "task" else ("architecture", "architectures")
    text = STUDY.replace("[tasks.noisy_sine]", "") if kind == "task" else STUDY
    (tmp_path / "tiny.toml").write_text(f"{text}\n[{table}.minimal]\n")
    done = cli("run", "tiny.toml", "--plugin", "mine.py")
    assert done.returncode == 0, done.stderr
    assert " ok" in done.stdout
    assert "failed" not in done.stdout
    assert name in cli("list", "--plugin", "mine.py").stdout


def test_the_shipped_studies_are_valid_and_their_names_are_their_files():
    folder = Path(__file__).parent.parent / "benchbench" / "studies"
    for file in folder.glob("*.toml"):
        assert tomllib.loads(file.read_text())["name"] == file.stem


@pytest.mark.parametrize("size", ["abc", "0", "-3GiB", "3 potatoes"])
def test_a_memory_limit_that_is_no_size_is_refused(cli, size):
    done = cli("run", "tiny.toml", "--memory-limit", size)
    assert (done.returncode, done.stderr) == (
        2,
        f"--memory-limit '{size}' is not a size; write it like 3GiB or 500MB\n",
    )


@pytest.mark.long
def test_device_jobs_limits_and_threads_are_taken(cli):
    options = ("--device", "cpu", "--jobs", 1, "--memory-limit", "2GiB", "--timeout", 60, "--threads", 1)
    done = cli("run", "tiny.toml", *options)
    assert (done.returncode, "10 ok" in done.stdout) == (0, True), done.stderr


def test_a_claim_is_run_printed_and_written(cli, tmp_path):
    done = cli("reproduce", "course_sine_linear")
    assert done.returncode == 0, done.stderr
    assert "course_sine_linear: better" in done.stdout
    assert "| course_sine_linear" in (tmp_path / "results" / "reproduce" / "reproduce.md").read_text()


def test_a_long_claim_runs_only_with_all(cli, monkeypatch):
    from benchbench import claims
    from benchbench.cli import reproduce
    from benchbench.report.reproduce import read_outcomes

    monkeypatch.setattr(claims, "names", lambda: ["course_sine_linear", "lmu_2019_lstm"])
    monkeypatch.setattr(reproduce, "outcome", lambda name, one: tried.append(name) or made)
    monkeypatch.setattr(reproduce, "write_outcomes", lambda made, results: results)
    tried, [made, *_] = [], read_outcomes(Path(__file__).parent.parent / "results")
    assert "not run: lmu_2019_lstm, which takes about" in cli("reproduce").stdout
    assert tried == ["course_sine_linear"]
    assert "not run" not in cli("reproduce", "--all").stdout
    assert tried == ["course_sine_linear", "course_sine_linear", "lmu_2019_lstm"]


def test_claims_are_listed_with_their_durations(cli):
    said = cli("list", "claims").stdout
    assert "jaeger_2001_tau17" in said
    assert "about 90 s" in said


def test_the_message_on_an_unknown_claim_gives_the_nearest_name(cli, tmp_path):
    done = cli("reproduce", "course_sin")
    assert done.returncode == 2
    assert done.stderr.startswith("unknown claim 'course_sin'; did you mean 'course_sine'?")
    assert not (tmp_path / "results").exists()


@pytest.fixture
def promised(monkeypatch):
    """The promises are taken as kept: they are checked elsewhere."""
    from benchbench.cli import check
    from benchbench.contract.check import Check

    def kept(item):
        return [Check(subject=f"{item.kind} {item.name}", promise="it is checked", passed=True)]

    monkeypatch.setattr(check, "check_plugin", kept)


def test_the_check_without_a_file_begins_with_the_installation(cli, promised):
    done = cli("check", "--results", "elsewhere")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("installation\n    ok  torch: ")
    assert "elsewhere can be written" in done.stdout
    assert "task noisy_sine, version 1\n  pass  it is checked\n" in done.stdout


def test_the_check_fails_where_results_cannot_be_written(cli, tmp_path, promised):
    (tmp_path / "file").write_text("")
    done = cli("check", "--results", "file")
    assert done.returncode == 1
    assert "FAIL  results: file cannot be written" in done.stdout


@pytest.mark.parametrize(("read", "code", "verdict"), [(0.501, 0, "ok"), (0.6, 1, "OFF")])
def test_calibrate_prints_true_values_and_readings_and_fails_where_an_instrument_is_off(
    monkeypatch, capsys, read, code, verdict
):
    from benchbench import cli as verbs
    from benchbench.calibration import calibrate
    from benchbench.calibration.calibrate import Reading

    sleep = Reading(instrument="fit time of a sleep", true=0.5, read=read, low=0.5, high=0.515, unit="s")
    speed = Reading(instrument="the machine: copy of memory", true=None, read=40.0, low=0, high=float("inf"))
    monkeypatch.setattr(calibrate, "calibrate", lambda **_: [sleep, speed])
    monkeypatch.setattr(sys, "argv", ["benchbench", "calibrate"])
    with pytest.raises(SystemExit) as end:
        verbs.main()
    said = capsys.readouterr()
    assert (end.value.code or 0) == code
    assert f"{read:.4g} s" in said.out
    assert verdict in said.out
    assert ("an instrument is off" in said.err) == (code == 1)


@pytest.mark.parametrize(("told", "kept"), [(5, "yes"), (50, "NO")])
def test_calibrate_prints_how_often_verdicts_err_and_fails_where_one_is_off(cli, monkeypatch, tmp_path, told, kept):
    from benchbench.calibration import verdicts
    from benchbench.calibration.verdicts import Outcome

    def simulated(studies, **_):
        return [Outcome(what="twins", noise="normal", seeds="5", count=told, of=studies, least=0.0, most=0.05)]

    monkeypatch.setattr(verdicts, "simulated", simulated)
    done = cli("calibrate", "--verdicts", "--studies", 100, "--results", "there")
    assert done.returncode == (kept == "NO")
    assert re.search(rf"twins +normal +5 +0% to 5% +{told}\.0% .* {kept}", done.stdout)
    assert ("a promise is broken" in done.stderr) == (kept == "NO")
    assert (tmp_path / "there" / "calibration" / "verdicts.json").exists()


def test_options_of_the_verdicts_go_with_the_verdicts(cli):
    done = cli("calibrate", "--studies", "200")
    assert done.returncode == 2
    assert "--studies and --results need --verdicts" in done.stderr


@pytest.fixture
def timed(tmp_path):
    """Two files of pytest-benchmark: the second takes twice as long, in one benchmark with too few rounds."""
    for name, factor in (("a.json", 1.0), ("b.json", 2.0)):
        rounds = {"test_sum": [factor] * 9, "test_once": [factor]}
        found = [{"fullname": f"{'folder/' * 30}{n}[:fire:]", "stats": {"data": data}} for n, data in rounds.items()]
        file = {"machine_info": {"node": "toy"}, "benchmarks": found, "datetime": "2026-01-01T00:00:00+00:00"}
        (tmp_path / name).write_text(json.dumps(file))


def test_compare_prints_a_table_that_is_not_wrapped(cli, timed):
    done = cli("compare", "a.json", "b.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "**2 rows:** 1 slower, 1 too few rounds." in done.stdout
    [line] = [line for line in done.stdout.splitlines() if "test_sum" in line]
    assert line.endswith("slower |")
    assert r"\[:fire:\]" in line


@pytest.mark.parametrize(("above", "code"), [(1.5, 1), (2.5, 0)])
def test_compare_fails_where_a_row_is_slower_by_more_than_is_allowed(cli, timed, above, code):
    done = cli("compare", "a.json", "b.json", "--fail-above", above)
    assert done.returncode == code
    assert "slower |" in done.stdout
    assert ("above 1.5: 1 row: folder/" in done.stderr) == (code == 1)
    assert done.stderr.endswith("not judged: 1 row\n")
