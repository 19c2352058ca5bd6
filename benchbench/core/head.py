"""Head: the part of a record that a run needs to continue from it; it is read much faster than the whole record."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from benchbench.core.record import Ended, Record, known_schema


class Conditions(BaseModel):
    """The label of a trial's machine, and the conditions on which the trial's times depend."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    machine: str = ""
    jobs: int | None = None
    threads: int | None = None
    allocator: str | None = None


class Head(Ended):
    """A record without its scores and arrays; the fields are those of the record."""

    model_config = ConfigDict(extra="ignore")

    artifact: Any = None
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
