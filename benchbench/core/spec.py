"""Budget and Trial: pure data, frozen; a trial has a key."""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
NAME_RULE = "letters, digits, '_', '.', '-' only, starting with a letter or digit"
Name = Annotated[str, Field(pattern=NAME, max_length=80)]
LARGEST = 2**63 - 1  # the largest whole number that a table can hold
Positive = Annotated[int, Field(ge=1, le=LARGEST)]
Options = dict[str, Any]


_TEXT = json.JSONEncoder(allow_nan=False, default=str)
_KEY = json.JSONEncoder(allow_nan=False, sort_keys=True, separators=(",", ":"))


def _finite(options: Options) -> Options:
    try:
        _TEXT.encode(options)
    except ValueError:
        raise ValueError("numbers must be finite") from None
    return options


_Finite = Annotated[Options, AfterValidator(_finite)]  # a trial's key cannot hold other numbers
ValidateAt = Literal["tenths", "epochs"]


class Frozen(BaseModel):
    """Base of the suite's data types: keyword-only, immutable, strict about types; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Budget(Frozen):
    """The limits of a fit, which are the same for every competitor.

    The size is limited by ``parameters`` (each competitor gets the largest width at which it has at most this many
    numbers, trained and fixed) or set by ``width`` (in units; 64 where neither is given). The length is limited by at
    least one of ``updates``, ``epochs`` and ``seconds``; the first limit to be reached ends the fit. ``batch`` is the
    number of sequences in an update.
    """

    name: Name
    parameters: Positive | None = None
    width: Positive | None = None
    updates: Positive | None = None
    epochs: Positive | None = None
    seconds: Annotated[float, Field(gt=0)] | None = None
    batch: Positive = 64

    @model_validator(mode="before")
    @classmethod
    def _default_width(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("parameters") is None and data.get("width") is None:
            return {**data, "width": 64}
        return data

    @model_validator(mode="after")
    def _complete(self) -> "Budget":
        if self.parameters is not None and self.width is not None:
            raise ValueError("parameters and width are both given: give one of them")
        if self.updates is None and self.epochs is None and self.seconds is None:
            raise ValueError("no budget: give at least one of updates, epochs, seconds")
        return self


Label = Annotated[str, Field(pattern=r"^\S(.*\S)?$", max_length=40)]


class Trial(Frozen):
    """One point of a study's grid.

    ``competitor`` is the name under which the report shows the trial; where it is empty, the architecture's name is
    used. ``predictions`` keeps all predictions as arrays. ``microscope`` keeps snapshots of the learner.
    ``validate_at`` tells when the validation split is scored: ten times over the budget ("tenths"), or at the end of
    each epoch ("epochs"). A trial of a ``tuning`` serves to choose an option set and is not a result.
    """

    study: Name
    task: Name
    architecture: Name
    length: Positive
    device: str = "cpu"
    seed: Annotated[int, Field(ge=0, le=LARGEST)]
    budget: Budget
    task_options: _Finite = Field(default_factory=dict)
    architecture_options: _Finite = Field(default_factory=dict)
    versions: dict[str, Positive] = Field(default_factory=dict)
    closed_loop: bool = False
    engine: Name = "torch"
    microscope: bool = False
    validate_at: ValidateAt = "tenths"
    competitor: Label | Literal[""] = ""
    predictions: bool = False
    tuning: bool = False

    @cached_property
    def key(self) -> str:
        """16 hexadecimal digits that identify the content, independent of the order of the options.

        A field that was added later is part of the key only where it differs from its default, so that older records
        keep their keys.
        """
        unused = {name for name, default in _LATER.items() if getattr(self, name) == default}
        content = self.model_dump(mode="json", exclude=unused)
        return hashlib.sha256(_KEY.encode(content).encode()).hexdigest()[:16]

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, without the cached key where it is another trial."""
        copied = super().model_copy(update=update, deep=deep)
        if update:
            copied.__dict__.pop("key", None)
        return copied

    @property
    def label(self) -> str:
        """A short text that tells people which trial this is."""
        options = "".join(f" {name}={value}" for name, value in self.architecture_options.items())
        competitor = self.competitor or f"{self.architecture}{options}"
        competitor += options if self.competitor and self.tuning else ""
        engine = "" if self.engine == "torch" else f" {self.engine}"
        return f"{self.task} {self.length} {competitor} seed {self.seed} {self.budget.name} {self.device}{engine}"


_LATER = {
    name: Trial.model_fields[name].default
    for name in ("closed_loop", "engine", "microscope", "validate_at", "competitor", "predictions", "tuning")
}
"""The fields that were added later, with their defaults."""
