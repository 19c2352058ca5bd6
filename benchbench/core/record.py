"""What one trial gave: pure data, one JSON line."""

from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, Field

from benchbench.core.spec import Frozen, Trial

SCHEMA = 1


class Status(StrEnum):
    """How a trial ended."""

    OK = "ok"
    OVER_BUDGET = "over_budget"
    DIVERGED = "diverged"
    OUT_OF_MEMORY = "out_of_memory"
    TIMEOUT = "timeout"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"


class Spent(Frozen):
    """What the fit cost. Seconds and bytes; ``peak_bytes`` is what the fit added to the resident memory.

    Of the device: the peak that tensors took, the peak that the allocator reserved, and what the device held beyond
    idle after the fit. Loads are the system's averages over a minute; ``other_cpu_share`` is how much of its cores'
    time went to others during the fit.
    """

    width: int | None = None
    trained_parameters: int | None = None
    fixed_parameters: int | None = None
    updates: int | None = None
    fit_seconds: float | None = None
    first_update_seconds: float | None = None
    peak_bytes: int | None = None
    device_peak_bytes: int | None = None
    device_reserved_bytes: int | None = None
    device_used_bytes: int | None = None
    load_before: float | None = None
    load_after: float | None = None
    other_cpu_share: float | None = None


class Segment(Frozen):
    """A stretch of the test split, for the figures: what was true, what was predicted, and the MSE over it."""

    true: list[float]
    predicted: list[float]
    mse: float


class Generated(Frozen):
    """Closed loop: what a fitted learner made of each start when its outputs were its next inputs.

    ``valid_steps``: of each start, before the error first exceeds 0.4 standard deviations; ``steps`` where it never
    does. ``unit_steps`` steps are one ``unit``. ``nrmse_84`` at step 84; ``spectrum_distance`` is Hellinger's, 0 to 1;
    ``diverged`` is the share of starts. ``true`` and ``generated`` are the first start, first feature; ``maxima`` pairs
    of maxima that follow each other, true and generated. ``sliding`` says that the learner had no ``generate`` of its
    own. ``status`` is ok, failed or unsupported, and ``message`` why there is nothing.
    """

    steps: int
    unit: str
    unit_steps: float
    valid_steps: list[int] = Field(default_factory=list)
    nrmse_84: float | None = None
    spectrum_distance: float | None = None
    diverged: float | None = None
    seconds: float | None = None
    sliding: bool = False
    true: list[float] = Field(default_factory=list)
    generated: list[float] = Field(default_factory=list)
    maxima: dict[str, list[tuple[float, float]]] = Field(default_factory=dict)
    status: Status = Status.OK
    message: str = ""


class Record(Frozen):
    """One trial's outcome.

    ``scores``: valid_mse, test_mse, test_rmse, test_nrmse, test_r2, and ``floor_mse`` where it is known.
    ``groups``: test MSE and R2 by named part of the test split. ``curve``: (updates, seconds, validation MSE, training
    MSE) at each validation. ``predict_seconds``: each repeat of a pass over the whole test split. ``data``: counts of
    sequences, fingerprint and provenance. ``samples``: first stretch, best and worst prediction. ``free_run``: the
    closed loop, where the task declares one. ``block``: names
    the randomised block that it ran in; within a run, blocks start in the order of their names.
    """

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    trial: Trial
    status: Status
    message: str = ""
    scores: dict[str, float | None] = Field(default_factory=dict)
    groups: dict[str, dict[str, float | None]] = Field(default_factory=dict)
    curve: list[tuple[int, float, float, float | None]] = Field(default_factory=list)
    spent: Spent = Field(default_factory=Spent)
    predict_seconds: list[float] = Field(default_factory=list)
    data: dict[str, Any] = Field(default_factory=dict)
    samples: dict[str, Segment] = Field(default_factory=dict)
    free_run: Generated | None = None
    environment: dict[str, Any] = Field(default_factory=dict)
    started: str
    block: str | None = None
    schema_: int = Field(default=SCHEMA, alias="schema")
