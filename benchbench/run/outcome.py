"""What the processes of a trial return to the process that writes records, which does without PyTorch."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from benchbench.core import artifacts
from benchbench.core.artifacts import Arrays
from benchbench.core.objective import ObjectiveFacts
from benchbench.core.record import FreeRunOutcome, Observed, Record, Status
from benchbench.core.spec import Trial


class Outcome(NamedTuple):
    """A record, and the bytes of the files that its ``artifact`` and ``kept`` name, or None."""

    record: Record
    artifact: bytes | None = None
    kept: bytes | None = None


class ProblemFacts(NamedTuple):
    """A problem's objective and classes, and facts about its data."""

    objective: ObjectiveFacts
    classes: list[str]
    data: dict[str, Any]


class Attempt(NamedTuple):
    """What a trial's process returns: fields of the record and of its environment, and the microscope's arrays.

    ``arrays``: snapshots, such as states (time, unit). ``learner``: the bytes of the file that ``kept`` names.
    """

    fields: dict[str, Any]
    arrays: Arrays
    environment: Mapping[str, Any] = {}
    learner: bytes | None = None


class Grade(NamedTuple):
    """What the examiner adds to a record, and arrays such as a free run (steps, output).

    ``alone`` has fields of ``watched``.
    If free runs follow the predictions, ``attempt`` is what the trial's process sent with these, and ``pending`` names
    the runs that have not been submitted.
    """

    fields: dict[str, Any]
    arrays: Arrays
    alone: Mapping[str, Any] = {}
    attempt: Attempt | None = None
    pending: frozenset[str] = frozenset()

    def judged(self, run: FreeRunOutcome, arrays: Arrays | None = None, done: str = "") -> "Grade":
        """The same grade with the outcome of a free run, and its arrays, such as (steps, output)."""
        fields = {**self.fields, "free_run": run}
        return self._replace(fields=fields, arrays=self.arrays | (arrays or {}), pending=self.pending - {done})


class Refused(NamedTuple):
    """The ``status`` and the ``message`` of a record: there is no problem, or the examiner refused a request."""

    fields: dict[str, Any]


def composed(
    trial: Trial, facts: Mapping[str, Any], made: Attempt, problem: ProblemFacts | None, grade: Grade | None
) -> Outcome:
    """The outcome of a trial that ended, from what its process returned and from the examiner's scores."""
    known = {} if problem is None else problem._asdict()
    fields, arrays = {"status": Status.OK, **facts, **known, **made.fields}, made.arrays
    if grade is not None:
        fields, arrays = fields | grade.fields, arrays | grade.arrays
        seen = fields.get("watched") or Observed()
        fields["watched"] = seen.model_copy(update=dict(grade.alone))
    fields["environment"] = fields["environment"].model_copy(update=dict(made.environment))
    if not arrays:
        return Outcome(Record(trial=trial, **fields), kept=made.learner)
    content, named = artifacts.pack(arrays)
    return Outcome(Record(trial=trial, **fields, artifact=named), content, made.learner)
