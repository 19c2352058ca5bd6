"""The examiner: makes the problem of a task, and alone knows the targets of its test split.

It gives a competitor's process the lesson, after the fit the exam, and scores the answers.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchbench.core.problem import Array, Problem
from benchbench.core.seeds import stream
from benchbench.core.spec import Trial
from benchbench.isolation.partner import OPEN
from benchbench.run import free_run
from benchbench.run.facts import facts
from benchbench.run.failure import CAUGHT, failed
from benchbench.run.job import OWNER
from benchbench.run.lesson import Answers, Exam, Lesson, Start, pack
from benchbench.run.outcome import Asked, Grade, Refused
from benchbench.run.scoring import checked, scored

ALONE = 20  # test sequences that are predicted by themselves as well


class Examiner:
    """Holds one problem. ``home`` is the file of its task, for messages."""

    def __init__(self, problem: Problem, home: str = "") -> None:
        self._problem, self._home = problem, home
        self._grades: dict[str, Grade] = {}

    def lesson(self) -> Lesson:
        """What a competitor may see while it fits."""
        return Lesson.of(self._problem)

    def asked(self) -> Asked:
        """What a record says of the problem."""
        problem = self._problem
        return Asked(problem.objective.facts, list(problem.classes), facts(problem))

    def exam(self, trial: Trial) -> Exam:
        """What a fitted learner is given: copies, in a random order, the same for all competitors of a seed."""
        test, order, run = self._problem.test, self._order(trial), self._problem.free_run
        start = None if run is None or not trial.closed_loop else Start(np.array(run.prefix), run.steps)
        return Exam(
            inputs=np.ascontiguousarray(test.inputs[order]),
            lengths=None if test.lengths is None else test.lengths[order],
            shape=test.targets.shape,
            alone=tuple(range(min(ALONE, len(order)))),
            start=start,
        )

    def metric(self, name: str, targets: Array, predictions: Array) -> float:
        """A metric of the problem, for a learner whose process could not have its function."""
        return float(self._problem.objective.metrics[name].function(targets, predictions))

    def grade(self, trial: Trial, answers: Answers) -> Grade:
        """The scores of what was predicted; where they cannot be had, status and message say why."""
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
        run = problem.free_run
        if run is None or answers.run is None:
            return Grade(fields, {}, alone)
        if answers.run.generated is None:
            return Grade({**fields, "free_run": free_run.nothing(run, **(answers.run.failure or {}))}, {}, alone)
        found, arrays = free_run.judged(run, answers.run)
        return Grade({**fields, "free_run": found}, arrays, alone)

    def _alone(self, alone: Array | None, together: Array, order: NDArray[np.int64]) -> dict[str, Any]:
        """How far predictions change where a sequence is given by itself, and how wrong they are then."""
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

    def answer(self, role: str, message: Any) -> Any:
        """Answer a message from another process: a competitor has its lesson, its exam, and hands in."""
        if message == OPEN:
            return None
        verb, *given = message
        known: dict[str, Callable[..., Any]] = {
            "lesson": lambda: pack(self.lesson()),
            "metric": self.metric,
            "exam": self.exam,
            "hand in": self._handed_in,
        }
        if role == OWNER:
            known = {"asked": self.asked, "grade": lambda key: self._grades.pop(key, None)}
        return known[verb](*given)

    def _handed_in(self, trial: Trial, answers: Answers) -> None:
        self._grades[trial.key] = self.grade(trial, answers)


def refuse(refused: Refused, _role: str, message: Any) -> Any:
    """Answer in the place of an examiner without a problem."""
    return refused if message == OPEN else None


def examiner(make: Callable[[], Problem], home: str) -> Callable[[str, Any], Any]:
    """What answers for the problem that ``make`` makes."""
    try:
        return Examiner(make(), home).answer
    except CAUGHT as error:
        return partial(refuse, Refused(failed(error, home)))
