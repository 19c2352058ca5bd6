"""Every study of the course at toy size: each trial ends as it should, and the report shows the figures it promises."""

from functools import cache

import pytest

from benchbench.core import registry, study
from benchbench.core.record import Environment
from benchbench.core.store import Writer
from benchbench.report.committed import Tables
from benchbench.report.course import picture
from benchbench.report.figures import catalogue
from benchbench.report.findings import EXERCISES
from benchbench.report.write import write_report
from benchbench.run.trial import run_trial

pytestmark = pytest.mark.course

COURSE = [name for name in study.shipped() if name.startswith("course/")]
TWICE = {name for name in COURSE if f"{name}-synthetic" in COURSE}  # at toy size, both studies have synthetic patients
STUDIES = [name for name in COURSE if not name.endswith("-full") and name not in TWICE]
SMALL = {  # options of tasks
    "samples": 1_200,
    "train_series": 12,
    "valid_series": 6,
    "test_series": 9,
    "free_runs": 3,
    "free_steps": 40,
    "words": 12,
    "duration": 40.0,
}
AS_THEY_ARE = {"course/esn-generator", "course/computation-time"}  # studies whose windows need their number of samples
DECLINED = {  # competitors that must decline a task of the study
    "course/ecg-anomaly-synthetic": {"autoencoder"},
    "course/learned-state": {"gru, bidirectional"},
    "course/pipeline-synthetic": {"persistence"},
    "course/problem-types": {"encoder_decoder"},
}


@cache
def known():
    return registry.load()


def toy(name):
    """The study with tiny networks, two updates, one seed, four lengths and little data."""
    whole = study.read(study.find(name))
    budgets = tuple(
        budget.model_copy(update={"updates": 2, "epochs": None, "width": 4, "parameters": None, "batch": 8})
        for budget in whole.budgets
    )
    tasks = {task: tuple(_small(name, task, table) for table in tables) for task, tables in whole.tasks.items()}
    nets = {
        architecture: tuple(
            {**table, **({"width": _narrow(table["width"])} if "width" in table else {})} for table in tables
        )
        for architecture, tables in whole.architectures.items()
    }
    changed = {"budgets": budgets, "tasks": tasks, "architectures": nets, "seeds": 1, "lengths": whole.lengths[:4]}
    changed["validate_at"] = "tenths"  # two updates have two points on their learning curve
    return whole.model_copy(update=changed)


def _narrow(width):
    return [4, 5] if isinstance(width, list) else 4


def _small(name, task, table):
    options = known().get("task", task).options.model_fields
    kept = {k: v for k, v in SMALL.items() if k in options and name not in AS_THEY_ARE and k != "database"}
    fewer = {k: [*v[:2], v[-1]] for k, v in table.items() if k == "train_series" and isinstance(v, list)}
    made_up = {"database": "synthetic"} if "database" in options else {}
    beats = {"premature": 0.2} if "premature" in options and made_up else {}
    return {**table, **kept, **fewer, **made_up, **beats}


def draw_coarsely(monkeypatch, figures):
    """Only these figures are drawn, as a coarse PNG alone: what takes long is their files."""
    names = [figure.partition("*")[0] for figure in figures]
    monkeypatch.setattr(catalogue, "FIGURES", [kind for kind in catalogue.FIGURES if kind.name in names])

    def save(figure, stem):
        figure.savefig(stem.with_name(f"{stem.name}.png"), dpi=30)

    def save_film(film, stem):
        save(film.frames[-1], stem)
        film.frames[-1].savefig(stem.with_name(f"{stem.name}.gif"), dpi=30, format="png")

    monkeypatch.setattr(catalogue, "save", save)
    monkeypatch.setattr(catalogue, "save_film", save_film)


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_of_the_course_runs_and_its_report_has_its_figures(name, tmp_path, monkeypatch):
    small = toy(name)
    assert small.name == name.replace("/", "-")
    with Writer(tmp_path, small.name) as writer:
        writer.hold("toy")
        for trial in small.trials(known()):
            outcome = run_trial(trial, known(), Environment(machine="toy", jobs=1, threads=1))
            writer.append(outcome.record, outcome.artifact)
            if outcome.record.status != "ok":
                shown = trial.competitor or trial.architecture
                assert (outcome.record.status, shown in DECLINED.get(name, ())) == ("unsupported", True), outcome.record
    exercise = EXERCISES[name.partition("/")[2].removesuffix("-synthetic")]
    draw_coarsely(monkeypatch, exercise.figures)
    report = write_report(name, tmp_path)
    for figure in exercise.figures:
        assert picture(report.parent / "figures", figure).stat().st_size > 1_000
    assert exercise.finding(Tables(tmp_path, small.name)).endswith(".")


@pytest.mark.parametrize("name", [name for name in COURSE if name.endswith("-full")])
def test_a_study_in_full_size_can_be_planned_and_each_of_its_competitors_trains(name):
    whole = study.read(study.find(name))
    usual = study.read(study.find(name.removesuffix("-full")))
    assert len(whole.trials(known())) >= len(usual.trials(known()))
    assert whole.tasks.keys() == usual.tasks.keys()
    first = {}
    for trial in toy(name).trials(known()):
        first.setdefault(trial.competitor or trial.architecture, trial)
    assert first.keys() >= {trial.competitor or trial.architecture for trial in usual.trials(known())}
    for trial in first.values():
        record = run_trial(trial, known(), Environment(machine="toy", jobs=1, threads=1)).record
        assert record.status == "ok", record.message
        assert record.solves or record.spent.updates == 2
        assert record.scores["test_mse"] >= 0
