"""Budget and Trial: pure data, frozen, with a key."""

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
NAME_RULE = "letters, digits, '_', '.', '-' only, starting with a letter or digit"
Name = Annotated[str, Field(pattern=NAME, max_length=80)]
LARGEST = 2**63 - 1  # of a whole number in a table
Positive = Annotated[int, Field(ge=1, le=LARGEST)]
Options = dict[str, Any]


def _finite(options: Options) -> Options:
    try:
        json.dumps(options, allow_nan=False, default=str)
    except ValueError:
        raise ValueError("numbers must be finite") from None
    return options


_Finite = Annotated[Options, AfterValidator(_finite)]  # a trial's key has no other numbers
ValidateAt = Literal["tenths", "epochs"]


class Frozen(BaseModel):
    """Keyword-only, immutable, strict about types; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Budget(Frozen):
    """The limits that are the same for every competitor.

    Size: ``parameters`` (the width is solved: the widest learner with at most this many numbers, trained + fixed) or
    ``width`` (units; 64 where neither is given). Length: at least one of ``updates``, ``epochs`` and ``seconds``; the
    first to be reached ends the fit.
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
            raise ValueError("give parameters or width, not both")
        if self.updates is None and self.epochs is None and self.seconds is None:
            raise ValueError("no budget: give at least one of updates, epochs, seconds")
        return self


Label = Annotated[str, Field(pattern=r"^\S(.*\S)?$", max_length=40)]

_LATER = ("closed_loop", "engine", "microscope", "validate_at", "competitor", "predictions", "tuning")


class Trial(Frozen):
    """One point of the grid.

    ``competitor`` is the name under which the report shows it, that of the architecture where it is empty.
    ``predictions`` keeps all predictions as arrays. ``microscope`` asks for snapshots of the learner, ``validate_at``
    says when the validation split is scored: ten times over the budget, or at the end of each epoch. ``tuning``: it is
    there to choose an option set, and no result.
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

    @property  # not cached: a cache would go along with model_copy(update=...)
    def key(self) -> str:
        """16 hexadecimal digits of the content: the same whatever the order of the options.

        A field that joined later counts only where it differs from its default, so that older records stay found.
        """
        unused = {name for name in _LATER if getattr(self, name) == Trial.model_fields[name].default}
        content = self.model_dump(mode="json", exclude=unused)
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def label(self) -> str:
        """A short name for people: what is running."""
        options = "".join(f" {name}={value}" for name, value in self.architecture_options.items())
        competitor = self.competitor or f"{self.architecture}{options}"
        competitor += options if self.competitor and self.tuning else ""
        engine = "" if self.engine == "torch" else f" {self.engine}"
        return f"{self.task} {self.length} {competitor} seed {self.seed} {self.budget.name} {self.device}{engine}"
