"""Head: the part of a record that a run needs to continue from it; it is read much faster than the whole record."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from benchbench.core.record import Kept, Record, Status, kept_name, known_schema
from benchbench.core.spec import Trial


class _Loose(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Conditions(_Loose):
    """The label of a trial's machine, and the conditions on which the trial's times depend."""

    machine: str = ""
    jobs: int | None = None
    threads: int | None = None
    allocator: str | None = None


class Head(_Loose):
    """A record without its scores and arrays; the fields are those of the record."""

    trial: Trial
    status: Status
    artifact: Any = None
    kept: Kept | None = None
    environment: Conditions = Field(default_factory=Conditions)
    files: dict[str, str] = Field(default_factory=dict)
    schema_: int = Field(alias="schema")

    _known = field_validator("schema_")(known_schema)

    @classmethod
    def of(cls, record: Record) -> "Head":
        """The head of a record."""
        around = Conditions.model_construct(
            **{name: getattr(record.environment, name) for name in Conditions.model_fields}
        )
        same = ("trial", "status", "artifact", "kept", "files", "schema_")
        return cls.model_construct(environment=around, **{name: getattr(record, name) for name in same})

    @property
    def artifact_name(self) -> str:
        """The file name of the trial's artifact."""
        return f"{self.trial.key}.npz"

    @property
    def kept_name(self) -> str | None:
        """The file name of the trial's fitted learner; None where it was not kept."""
        return kept_name(self.trial, self.kept)
