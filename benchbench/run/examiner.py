"""The examiner: makes the problem of a task, keeps the targets of its test split to itself, and scores predictions.

It gives a competitor's process the training and validation data, and after the fit the inputs of the test split.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchbench.core.artifacts import Arrays
from benchbench.core.problem import Array, FreeRun, Problem
from benchbench.core.record import FreeRunOutcome, Status
from benchbench.core.seeds import stream
from benchbench.core.spec import Trial
from benchbench.isolation.service_access import OPEN
from benchbench.isolation.services import ClientId, Service
from benchbench.run import free_run
from benchbench.run.exchange import Answers, Exam, FitData, Run, Start, pack
from benchbench.run.facts import facts
from benchbench.run.failure import CAUGHT, failed
from benchbench.run.job import OWNER
from benchbench.run.outcome import Attempt, Grade, ProblemFacts, Refused
from benchbench.run.prediction_arrays import prediction_arrays
from benchbench.run.scoring import checked, scored

ALONE = 20  # test sequences that are also predicted one by one
_ONCE = ("exam", "submit", "starts")
_OF_TRIAL = (*_ONCE, "submit free run")


class Examiner:
    """Holds one problem. ``home`` is the file of its task, for messages."""

    def __init__(self, problem: Problem, home: str = "") -> None:
        self._problem, self._home = problem, home
        self._grades: dict[str, Grade] = {}
        self._served = set[tuple[int, str]]()
        self._trials = dict[int, str]()

    def fit_data(self) -> FitData:
        """The data that a competitor may see while it fits."""
        return FitData.of(self._problem)

    def problem_facts(self) -> ProblemFacts:
        """What a record says about the problem."""
        problem = self._problem
        return ProblemFacts(problem.objective.facts, list(problem.classes), facts(problem))

    def exam(self, trial: Trial) -> Exam:
        """Copies of the test inputs in a random order, which is the same for all competitors of a seed."""
        test, order = self._problem.test, self._order(trial)
        return Exam(
            inputs=np.ascontiguousarray(test.inputs[order]),
            lengths=None if test.lengths is None else test.lengths[order],
            shape=test.targets.shape,
            alone=tuple(range(min(ALONE, len(order)))),
        )

    def metric(self, name: str, targets: Array, predictions: Array) -> float:
        """A metric of targets and predictions (sequence, scored, output) that the learner's process cannot compute."""
        return float(self._problem.objective.metrics[name].function(targets, predictions))

    def grade(self, trial: Trial, answers: Answers) -> Grade:
        """The scores of predictions; if scoring fails, status and message say why."""
        try:
            return self._graded(trial, answers)
        except CAUGHT as error:
            return Grade(failed(error, self._home), {})

    def _graded(self, trial: Trial, answers: Answers) -> Grade:
        problem, order = self._problem, self._order(trial)
        classifies = problem.objective.classifies
        valid = checked(answers.valid, problem.valid.targets.shape, classifies=classifies)
        given = checked(answers.test, problem.test.targets.shape, classifies=classifies)
        predictions = np.empty_like(given)
        predictions[order] = given
        fields, alone = scored(problem, valid, predictions), self._alone(answers.alone, given, order)
        arrays = {} if answers.train is None else self._prediction_arrays(answers.train, valid, predictions)
        return Grade(fields, arrays, alone)

    def submit(self, trial: Trial, answers: Answers, made: Attempt) -> None:
        """Grade predictions and keep the grade, with what the process sent so far if a free run follows."""
        grade, run = self.grade(trial, answers), self._problem.free_run
        if trial.closed_loop and run is not None and "status" not in grade.fields:
            grade = grade._replace(attempt=made, pending=frozenset({"test"}))
            grade = grade.judged(free_run.nothing(run, Status.FAILED, "the free run was not submitted"))
        self._grades[trial.key] = grade

    def starts(self, trial: Trial, *, tuned: bool) -> dict[str, Start] | Refused:
        """The starts of the free runs, by name: "test" is scored, "valid" chooses among option sets."""
        grade = self._grades.get(trial.key)
        if grade is None:
            return self._refused("free runs were asked for before the predictions were submitted")
        if not grade.pending:
            return {}
        runs = {name: run for name, run in self._runs().items() if tuned or name == "test"}
        starts = {name: Start(np.array(run.prefix), run.steps) for name, run in runs.items()}
        self._grades[trial.key] = grade._replace(pending=frozenset(starts))
        return starts

    def submit_free_run(self, trial: Trial, name: str, made: Run) -> Refused | None:
        """Score a free run, and add it to the grade of the predictions."""
        grade = self._grades.get(trial.key)
        if grade is None or name not in grade.pending:
            return self._refused(f"a free run {name!r} was submitted, which the examiner does not expect")
        found: FreeRunOutcome = grade.fields["free_run"]
        run = self._runs()[name]
        if name == "valid":
            grade = grade.judged(found.model_copy(update=self._validated(run, made)), done=name)
        else:
            judged, arrays = self._judged(run, made)
            kept = {key: getattr(found, key) for key in ("validation_time", "validation_message")}
            grade = grade.judged(judged.model_copy(update=kept), arrays, done=name)
        self._grades[trial.key] = grade
        return None

    def _runs(self) -> dict[str, FreeRun]:
        runs = {"test": self._problem.free_run, "valid": self._problem.valid_run}
        return {name: run for name, run in runs.items() if run is not None}

    def _judged(self, run: FreeRun, made: Run) -> tuple[FreeRunOutcome, Arrays]:
        if made.generated is None:
            return free_run.nothing(run, **(made.failure or {})), {}
        try:
            return free_run.judged(run, made)
        except CAUGHT as error:
            return free_run.nothing(run, **failed(error, self._home)), {}

    def _validated(self, run: FreeRun, made: Run) -> dict[str, Any]:
        if made.failure is not None:
            return {"validation_message": made.failure["message"]}
        try:
            return {"validation_time": free_run.valid_time(run, made)}
        except CAUGHT as error:
            return {"validation_message": failed(error, self._home)["message"]}

    def _refused(self, why: str) -> Refused:
        return Refused(failed(RuntimeError(why), self._home))

    def _prediction_arrays(self, train: Array, valid: Array, test: Array) -> Arrays:
        problem = self._problem
        classifies = problem.objective.classifies
        train = checked(train, problem.train.targets.shape, classifies=classifies)
        return prediction_arrays(problem, {"train": train, "valid": valid, "test": test})

    def _alone(self, alone: Array | None, together: Array, order: NDArray[np.int64]) -> dict[str, Any]:
        """How much predictions change if a sequence is predicted alone, and their error then.

        Both are root mean squares in standard deviations of the test targets.
        """
        if alone is None or not np.isfinite(alone).all():
            return {"alone": 0}
        targets = self._problem.test.targets
        scale = float(targets.std(dtype=np.float64)) or 1.0

        def apart(other: Array) -> float:
            return float(np.sqrt(np.mean(np.square(alone.astype(np.float64) - other)))) / scale

        chosen = targets[order[: len(alone)]]
        return {
            "alone": len(alone),
            "alone_difference": apart(together[: len(alone)]),
            "alone_error": apart(chosen),
        }

    def _order(self, trial: Trial) -> NDArray[np.int64]:
        return stream(trial.seed, "exam").permutation(len(self._problem.test))

    def answer(self, client: ClientId, message: Any) -> Any:
        """Service a message from another process.

        A competitor may ask for the test inputs once and submit once, so that one that asks during its fit cannot
        submit predictions afterwards. All its messages must be about the trial of the first one.
        """
        if message == OPEN:
            return None
        verb, *given = message
        if verb in _ONCE:
            if (client.number, verb) in self._served:
                return self._refused(f"the test split was asked for twice ({verb})")
            self._served.add((client.number, verb))
        if verb in _OF_TRIAL and self._trials.setdefault(client.number, given[0].key) != given[0].key:
            return self._refused("a process sent a message about another trial than its own")
        known: dict[str, Callable[..., Any]] = {
            "fit data": lambda: pack(self.fit_data()),
            "metric": self.metric,
            "exam": self.exam,
            "submit": self.submit,
            "starts": lambda trial, tuned: self.starts(trial, tuned=tuned),
            "submit free run": self.submit_free_run,
        }
        if client.role == OWNER:
            known = {"problem facts": self.problem_facts, "grade": self.take}
        return known[verb](*given)

    def take(self, key: str) -> Grade | None:
        """Remove and return the grade of the trial with this key; None if nothing was submitted."""
        return self._grades.pop(key, None)


def refuse(refused: Refused, _client: ClientId, message: Any) -> Any:
    """Service instead of an examiner whose problem could not be made."""
    return refused if message == OPEN else None


def examiner(make: Callable[[], Problem], home: str) -> Service:
    """The function that answers messages about the problem that ``make`` makes."""
    try:
        return Examiner(make(), home).answer
    except CAUGHT as error:
        return partial(refuse, Refused(failed(error, home)))
