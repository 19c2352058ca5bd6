"""A process that ends during its free run submitted its predictions before, and keeps their scores."""

import numpy as np
import pytest

from benchbench import run_study
from benchbench.core import artifacts
from benchbench.core.record import Spent
from benchbench.isolation.services import ClientId
from benchbench.isolation.supervisor import Lost
from benchbench.run.examiner import Examiner
from benchbench.run.exchange import Answers, Run
from benchbench.run.job import unfinished
from benchbench.run.outcome import Attempt, Refused
from tests.run.conftest import write_study
from tests.run.elsewhere import Elsewhere

SOURCE = """
from dataclasses import replace
from benchbench import FreeRun

@task("loop", version=1)
def loop(rng, length):
    problem = wave(rng, length)
    whole = np.sin(0.3 * (np.arange(length + 100) + rng.uniform(0, 20, (10, 1)))).astype(np.float32)[:, :, None]
    first, second = whole[:5], whole[5:]
    return replace(
        problem,
        free_run=FreeRun(prefix=first[:, :length], truth=first[:, length:]),
        valid_run=FreeRun(prefix=second[:, :length], truth=second[:, length:], unit="step"),
    )

class Ends(Base):
    def __init__(self, setting, fault, call):
        self.setting, self.fault, self.call, self.calls = setting, fault, call, 0
    def generate(self, prefix, steps):
        self.calls += 1
        if self.calls == self.call:
            getattr(self, self.fault)()
        return np.zeros((len(prefix), steps, 1))
    def none(self):
        pass
    def sleeps(self):
        time.sleep(60)
    def eats(self):
        self.block = np.ones(2**30, np.uint8)
        time.sleep(60)
    def dies(self):
        os._exit(3)
    def interrupts(self):
        raise KeyboardInterrupt

@architecture("ends", version=1)
def ends(setting, *, fault: str = "none", call: int = 1):
    return Ends(setting, fault, call)
"""
ENDS = {
    "sleeps": ("timeout", "killed after 4 s (plugin.py:"),
    "eats": ("out_of_memory", "the limit is 400 MiB"),
    "dies": ("failed", "the process ended without a result: exit code 3"),
    "interrupts": ("failed", "KeyboardInterrupt (plugin.py:"),
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The records of a study by fault and by the free run in which it strikes, and the folder of its results."""
    folder = tmp_path_factory.mktemp("ends")
    table = f"[architectures.ends]\nfault = {['none', *ENDS]}\ncall = [1, 2]"
    file = write_study(folder, table, SOURCE)
    text = file.read_text().replace("tasks.wave", "tasks.loop")
    file.write_text(text.replace("seeds = 1", "seeds = 1\npredictions = true"))
    records = run_study(file, folder / "r", jobs=2, timeout=4, memory_limit=400 * 2**20)
    options = [record.trial.architecture_options for record in records]
    return {(one["fault"], one["call"]): record for one, record in zip(options, records, strict=True)}, folder / "r"


@pytest.mark.attacks
@pytest.mark.parametrize("fault", ENDS)
@pytest.mark.parametrize("call", [1, 2])
def test_a_trial_that_ends_in_its_free_run_keeps_all_that_it_has_submitted(ended, fault, call):
    records, results = ended
    found, whole = records[fault, call], records["none", 1]
    assert (found.status, found.message) == ("ok", "")
    assert found.scores == whole.scores
    assert found.scores["test_mse"] > 0
    assert (found.data, found.samples, found.spent.updates) == (whole.data, whole.samples, 3)
    assert len(found.predict_seconds) == 5
    assert found.environment.flags == whole.environment.flags != {}
    assert (found.watched.alone, "fit" in found.watched.seconds) == (20, True)
    assert "predictions.test.made" in artifacts.read(results, found)[0]


@pytest.mark.attacks
@pytest.mark.parametrize("fault", ENDS)
def test_the_free_run_says_how_the_process_ended_in_it(ended, fault):
    status, message = ENDS[fault]
    run = ended[0][fault, 1].free_run
    assert run.status == status
    assert message in run.message
    assert (run.steps, run.valid_steps, run.validation_time) == (100, [], None)


@pytest.mark.attacks
@pytest.mark.parametrize("fault", ENDS)
def test_a_trial_that_ends_in_the_choosing_free_run_keeps_the_scored_one(ended, fault):
    found, whole = (ended[0][name, 2].free_run for name in (fault, "none"))
    assert (found.status, found.message) == ("ok", "")
    assert found.valid_steps == whole.valid_steps
    assert found.validation_time is None
    assert ENDS[fault][1] in found.validation_message
    assert (whole.validation_time, whole.validation_message) == (0.0, "")


@pytest.mark.attacks
def test_a_trial_that_ends_in_its_free_run_on_another_machine_keeps_its_scores(study, tmp_path, short):
    file = study('[architectures.ends]\nfault = "dies"', SOURCE)
    file.write_text(file.read_text().replace("tasks.wave", "tasks.loop"))
    [record] = run_study(file, tmp_path / "r", executor=Elsewhere(short, "node-a"))
    assert (record.status, record.environment.machine) == ("ok", "node-a")
    assert record.scores["test_mse"] > 0
    assert (record.free_run.status, record.free_run.validation_message) == ("failed", "")
    assert "exit code 3" in record.free_run.message


@pytest.fixture
def examined(study):
    """An examiner of the task with free runs, a trial, and honest answers."""
    from benchbench.core import registry
    from benchbench.core import study as studies
    from benchbench.run.trial import make_problem

    file = study("[architectures.ends]", SOURCE)
    file.write_text(file.read_text().replace("tasks.wave", "tasks.loop"))
    read = studies.read(file)
    known = registry.load(read.plugins)
    [trial] = read.trials(known)
    problem = make_problem(trial, known)
    examiner = Examiner(problem)
    exam = examiner.exam(trial)
    answers = Answers(valid=np.zeros_like(problem.valid.targets), test=np.zeros(exam.shape, np.float32), alone=None)
    return examiner, trial, answers, problem


MADE = Attempt({"spent": Spent(updates=3)}, {})


def test_starts_are_given_out_after_the_answers_and_never_their_truth(examined):
    examiner, trial, answers, problem = examined
    assert isinstance(examiner.starts(trial, tuned=True), Refused)
    examiner.submit(trial, answers, MADE)
    starts = examiner.starts(trial, tuned=True)
    np.testing.assert_array_equal(starts["test"].prefix, problem.free_run.prefix)
    np.testing.assert_array_equal(starts["valid"].prefix, problem.valid_run.prefix)
    assert [start._fields for start in starts.values()] == [("prefix", "steps")] * 2
    assert not np.shares_memory(starts["test"].prefix, problem.free_run.prefix)


def test_the_messages_of_a_process_must_be_about_one_trial(examined):
    examiner, trial, answers, _ = examined
    other = trial.model_copy(update={"seed": trial.seed + 1})
    mine, theirs = ClientId("competitor", 1), ClientId("competitor", 2)
    assert not isinstance(examiner.answer(mine, ("exam", trial)), Refused)
    for message in (
        ("submit", other, answers, MADE),
        ("starts", other, True),
        ("submit free run", other, "test", None),
    ):
        assert "another trial than its own" in examiner.answer(mine, message).fields["message"]
    assert examiner.take(other.key) is None
    assert not isinstance(examiner.answer(theirs, ("exam", other)), Refused)


def test_only_competitors_with_several_option_sets_have_a_run_that_chooses(examined):
    examiner, trial, answers, _ = examined
    examiner.submit(trial, answers, MADE)
    assert list(examiner.starts(trial, tuned=False)) == ["test"]
    assert isinstance(
        examiner.submit_free_run(trial, "valid", Run(failure={"status": "failed", "message": ""})), Refused
    )


def test_a_study_without_the_closed_loop_leaves_nothing_for_a_lost_process(examined):
    examiner, trial, answers, _ = examined
    trial = trial.model_copy(update={"closed_loop": False})
    examiner.submit(trial, answers, MADE)
    assert examiner.starts(trial, tuned=True) == {}
    assert examiner.take(trial.key).attempt is None


def test_answers_of_a_wrong_shape_have_no_free_run(examined):
    examiner, trial, answers, _ = examined
    examiner.submit(trial, Answers(valid=answers.valid, test=answers.test[:1], alone=None), MADE)
    assert examiner.starts(trial, tuned=True) == {}
    assert examiner.take(trial.key).fields["status"] == "failed"


@pytest.mark.parametrize("cause", [("timeout", "timeout"), ("memory", "out_of_memory"), ("crash", "failed")])
def test_a_grade_that_lacks_its_runs_says_why(examined, cause):
    examiner, trial, answers, problem = examined
    lost = Lost(cause[0], "killed")
    examiner.submit(trial, answers, MADE)
    examiner.starts(trial, tuned=True)
    grade = examiner.take(trial.key)
    run = unfinished(grade, lost).fields["free_run"]
    assert (run.status, run.message, run.validation_message) == (cause[1], "killed", "")
    examiner.submit(trial, answers, MADE)
    examiner.starts(trial, tuned=True)
    examiner.submit_free_run(trial, "test", Run(problem.free_run.truth, 1.0))
    run = unfinished(examiner.take(trial.key), lost).fields["free_run"]
    assert (run.status, run.message, run.validation_message) == ("ok", "", "killed")
    assert run.valid_steps == [100] * 5


def test_the_run_that_chooses_is_judged_by_its_median_valid_time_in_units(examined):
    examiner, trial, answers, problem = examined
    examiner.submit(trial, answers, MADE)
    examiner.starts(trial, tuned=True)
    made = problem.valid_run.truth.copy()
    for start, valid in enumerate((10, 20, 30, 40, 50)):
        made[start, valid:] += 10
    examiner.submit_free_run(trial, "test", Run(problem.free_run.truth, 1.0))
    examiner.submit_free_run(trial, "valid", Run(made, 1.0))
    grade = examiner.take(trial.key)
    assert grade.pending == frozenset()
    assert grade.fields["free_run"].validation_time == 30.0
    assert grade.fields["free_run"].valid_steps == [100] * 5


def test_a_failed_run_that_chooses_says_why_and_leaves_the_scored_run(examined):
    examiner, trial, answers, problem = examined
    examiner.submit(trial, answers, MADE)
    examiner.starts(trial, tuned=True)
    examiner.submit_free_run(trial, "test", Run(problem.free_run.truth, 1.0))
    examiner.submit_free_run(trial, "valid", Run(problem.valid_run.truth[:2], 1.0))
    run = examiner.take(trial.key).fields["free_run"]
    assert (run.status, run.validation_time) == ("ok", None)
    assert "a free run must have shape (start, steps, feature) = (5, 100, 1)" in run.validation_message


def test_a_competitor_is_tuned_where_it_has_several_option_sets_under_one_name(study):
    from benchbench.core import registry
    from benchbench.core import study as studies
    from benchbench.run.plan import with_several_sets

    table = """
    [[architectures.good]]
    gain = [1.0, 2.0]
    [[architectures.good]]
    label = "one"
    gain = 1.0
    [[architectures.good]]
    label = "two"
    gain = 2.0
    [architectures.mean]
    """
    read = studies.read(study(table))
    assert with_several_sets(read.trials(registry.load(read.plugins))) == {"good"}
