"""The words that a shell offers: studies, keys of recorded trials, kinds, claims and pitfalls."""

import pytest
from typer.main import get_command

from benchbench import pitfalls
from benchbench.core.record import Environment, Record, Status
from benchbench.core.spec import Budget, Trial
from benchbench.core.store import Store, file


@pytest.fixture
def offered(capsys, monkeypatch, tmp_path):
    """A function that returns the words that a shell offers for a line whose last word is incomplete."""
    from benchbench.cli.app import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("_BENCHBENCH_COMPLETE", "complete_bash")

    def complete(line):
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        capsys.readouterr()
        with pytest.raises(SystemExit):
            get_command(app).main(args=[], prog_name="benchbench")
        return capsys.readouterr().out.split()

    return complete


@pytest.fixture
def recorded(tmp_path):
    """A record in a folder of results, with a torn line after it."""
    trial = Trial(study="mine", task="sine", architecture="rnn", length=9, seed=0, budget=Budget(name="b", updates=1))
    started = "2026-01-01T00:00:00+00:00"
    record = Record(trial=trial, status=Status.OK, started=started, environment=Environment(machine="here"))
    place = file(tmp_path / "elsewhere", "mine", "here")
    Store(place).append(record)
    place.write_text(place.read_text() + '{"trial": {')
    return trial.key


def test_shipped_studies_and_studies_with_records_are_offered(offered, recorded):
    assert offered("benchbench run qu") == ["quick"]
    assert offered("benchbench show --results elsewhere --study m") == ["main", "mine"]


def test_the_keys_of_recorded_trials_are_offered(offered, recorded):
    assert offered(f"benchbench show --results elsewhere {recorded[:3]}") == [recorded]
    assert offered(f"benchbench repeat --results elsewhere --study yours {recorded[:3]}") == []
    assert offered("benchbench repeat ") == []


def test_kinds_claims_and_pitfalls_are_offered(offered):
    assert offered("benchbench list tr") == ["trials"]
    assert offered("benchbench pitfalls ") == pitfalls.names()
    assert "jaeger_2001_tau17" in offered("benchbench reproduce jaeger_2001")
