"""What a trial hands back to the process that writes. It imports no PyTorch, as that process needs none."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from benchbench.core import artifacts
from benchbench.core.artifacts import Arrays
from benchbench.core.objective import ObjectiveFacts
from benchbench.core.record import Generated, Record, Status, Watched
from benchbench.core.spec import Trial


class Outcome(NamedTuple):
    """A record, and the bytes of the files that its ``artifact`` and ``kept`` name; None where they name none."""

    record: Record
    artifact: bytes | None = None
    kept: bytes | None = None


class Asked(NamedTuple):
    """What is asked of a problem's competitors, and facts about its data."""

    objective: ObjectiveFacts
    classes: list[str]
    data: dict[str, Any]


class Attempt(NamedTuple):
    """What a trial's process says: fields of the record, of its environment, and what the microscope saw.

    ``learner`` are the bytes of the file that the field ``kept`` names.
    """

    fields: dict[str, Any]
    arrays: Arrays
    environment: Mapping[str, Any] = {}
    learner: bytes | None = None


class Grade(NamedTuple):
    """What the examiner adds to a record, and the arrays of the free run; ``alone`` are fields of what was watched.

    Where free runs follow the answers, ``attempt`` is what the trial's process said when it handed them in, and
    ``pending`` names the runs that have not been handed in.
    """

    fields: dict[str, Any]
    arrays: Arrays
    alone: Mapping[str, Any] = {}
    attempt: Attempt | None = None
    pending: frozenset[str] = frozenset()

    def judged(self, run: Generated, arrays: Arrays | None = None, done: str = "") -> "Grade":
        """With the outcome of a free run, and its arrays."""
        fields = {**self.fields, "free_run": run}
        return self._replace(fields=fields, arrays=self.arrays | (arrays or {}), pending=self.pending - {done})


class Refused(NamedTuple):
    """There is no problem: the ``status`` and the ``message`` of the record."""

    fields: dict[str, Any]


def composed(
    trial: Trial, facts: Mapping[str, Any], made: Attempt, asked: Asked | None, grade: Grade | None
) -> Outcome:
    """The outcome of a trial that ended: of what its process says, its scores are the examiner's alone."""
    known = {} if asked is None else asked._asdict()
    fields, arrays = {"status": Status.OK, **facts, **known, **made.fields}, made.arrays
    if grade is not None:
        fields, arrays = fields | grade.fields, arrays | grade.arrays
        seen = fields.get("watched") or Watched()
        fields["watched"] = seen.model_copy(update=dict(grade.alone))
    fields["environment"] = fields["environment"].model_copy(update=dict(made.environment))
    if not arrays:
        return Outcome(Record(trial=trial, **fields), kept=made.learner)
    content, named = artifacts.pack(arrays)
    return Outcome(Record(trial=trial, **fields, artifact=named), content, made.learner)
