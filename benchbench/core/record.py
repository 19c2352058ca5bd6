"""Record: the outcome of one trial; pure data, one JSON line."""

from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, AliasChoices, ConfigDict, Field, field_validator

from benchbench.core.errors import short
from benchbench.core.objective import Objective, ObjectiveFacts
from benchbench.core.spec import LARGEST, NAME, Frozen, Trial

T = TypeVar("T")
Several = Annotated[list[T], Field(fail_fast=True)]  # a line full of wrong items reports one fault, not a million
Whole = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]

SCHEMA = 3
_FORMER_BASELINES = ("linear", "persistence", "mean")  # in records of the first schema, which do not tell
_REGRESSION = Objective.regression().facts


class Status(StrEnum):
    """How a trial ended."""

    OK = "ok"
    OVER_BUDGET = "over_budget"
    DIVERGED = "diverged"
    OUT_OF_MEMORY = "out_of_memory"
    TIMEOUT = "timeout"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"


FITTED = (Status.OK, Status.OVER_BUDGET)
"""How trials end whose learner was fitted and examined."""


class Spent(Frozen):
    """What a fit spent, in seconds, bytes and updates.

    ``peak_bytes`` is how much the fit added to the resident memory at its peak. On the device, ``device_peak_bytes`` is
    the peak of tensors, ``device_reserved_bytes`` the peak that the allocator reserved, and ``device_used_bytes`` what
    the device held beyond idle after the fit. ``load_before`` and ``load_after`` are the system's average loads over a
    minute; ``other_cpu_share`` is the share of its cores' time that went to other processes during the fit.
    ``paused_seconds`` is the learner's time off the clock, in as many ``pauses``; ``longest_seconds`` is the longest
    time on the clock between two calls of ``spend``. ``compile_seconds`` is the time in which numba and PyTorch
    compiled anywhere in the trial. ``kernel_seconds`` is how long compiling the kernel took when this machine first
    needed it, which is on no fit's clock.
    """

    width: Whole | None = None
    trained_parameters: Whole | None = None
    fixed_parameters: Whole | None = None
    updates: Whole | None = None
    fit_seconds: float | None = None
    first_update_seconds: float | None = None
    peak_bytes: Whole | None = None
    device_peak_bytes: Whole | None = None
    device_reserved_bytes: Whole | None = None
    device_used_bytes: Whole | None = None
    load_before: float | None = None
    load_after: float | None = None
    other_cpu_share: float | None = None
    paused_seconds: float | None = None
    pauses: int | None = None
    longest_seconds: float | None = None
    compile_seconds: float | None = None
    kernel_seconds: float | None = None


class Environment(Frozen):
    """The machine, threads, versions and switches of a trial; None stands for what is not known.

    ``machine`` is a label of CPU, cores and GPU, never a host name. ``yardstick`` is the speed of the machine under
    known loads, by device; ``pinned`` lists the cores that the trial was pinned to.
    """

    machine: Annotated[str, Field(pattern=f"^$|{NAME}")] = ""  # it names a folder
    cpu: str | None = None
    cores: Whole | None = None
    gpu: str | None = None
    threads: Whole | None = None
    jobs: Whole | None = None
    memory_bytes: Whole | None = None
    os: str | None = None
    python: str | None = None
    torch: str | None = None
    numpy: str | None = None
    numba: str | None = None
    scikit_learn: str | None = None
    benchbench: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    allocator: str | None = None
    yardstick: dict[str, dict[str, float]] = Field(default_factory=dict)
    flags: dict[str, Any] = Field(default_factory=dict)
    peak_memory: str | None = None
    pinned: Several[Whole] | None = None


class Observed(Frozen):
    """What was observed of a trial from outside the process that ran its competitor.

    ``seconds`` and ``cpu_seconds`` (of the process and all that it started) are by phase: make, size, fit,
    first_predict, alone, predict, free_run, valid_run. ``alone`` test sequences were each predicted by themselves too:
    ``alone_difference`` is the root mean square change of these predictions, and ``alone_error`` the root mean square
    of their errors, both in standard deviations of the test targets. ``mixed`` tells that the file of the task, which
    makes the data, registers architectures too.
    """

    seconds: dict[str, float] = Field(default_factory=dict)
    cpu_seconds: dict[str, float] = Field(default_factory=dict)
    alone: int | None = None
    alone_difference: float | None = None
    alone_error: float | None = None
    mixed: bool = False


class Array(Frozen):
    """Shape and type of one array of an artifact."""

    shape: Several[Whole]
    dtype: str


class Artifact(Frozen):
    """The arrays that a trial left in a file of its own, and the SHA-256 of that file."""

    sha256: str
    arrays: dict[str, Array]


class Kept(Frozen):
    """The fitted learner in a file of its own, or, where ``form`` is None, the ``message`` that says why there is none.

    The form ``torch`` is PyTorch's own format, which is read with ``weights_only=True``; ``arrays`` is NPZ without
    pickle. ``sha256`` is the SHA-256 of the file, and ``arrays`` lists its arrays. ``setting`` has the arguments, other
    than options, with which the learner was made: inputs, outputs, scored, length, width, seed, batch, causal.
    """

    form: Literal["torch", "arrays"] | None = None
    sha256: str | None = None
    arrays: dict[str, Array] = Field(default_factory=dict)
    setting: dict[str, Whole | bool] = Field(default_factory=dict)
    message: str = ""


class Segment(Frozen):
    """A stretch of the test split for figures: the true and the predicted values, and the loss over the stretch.

    In a classification, the values are the numbers of the classes. Older lines have ``mse`` in place of ``score``.
    """

    true: Several[float]
    predicted: Several[float]
    score: float = Field(validation_alias=AliasChoices("score", "mse"))


class FreeRunOutcome(Frozen):
    """The outcome of a free run, in which the outputs of a fitted learner were its next inputs.

    ``valid_steps`` counts for each start the steps before the error first exceeds 0.4 standard deviations, or all
    ``steps`` where it never does. One ``unit`` of time is ``unit_steps`` steps. ``nrmse_84`` is the NRMSE at step 84;
    ``spectrum_distance`` is the Hellinger distance of the spectra, 0 to 1. ``diverged`` is the share of starts that
    left the range of the truth, and ``diverged_at`` the step at which each start did (None where it did not). ``mse``
    is the mean squared error over all starts and steps, in squared units of the signal; None where it is not finite.
    ``sliding`` tells that the learner has no ``generate``, so that it predicted from a sliding window. ``status`` is
    ok, or how the free run failed (timeout and out_of_memory, too, where that ended the process), and ``message`` why
    it has no outcome. ``validation_time`` is the median valid time, in units, over the starts by which option sets are
    chosen; None where there was no such run, or where ``validation_message`` tells why it has no outcome.

    The artifact holds ``free_run.true`` and ``free_run.generated`` (the first feature of the first start), the pairs
    of successive maxima ``free_run.maxima_true`` and ``free_run.maxima_generated``, and the first feature of the starts
    with the lowest and highest mean squared error, ``free_run.best`` and ``free_run.worst`` (the true values in the
    first row, the generated ones in the second). Older lines hold the first four here.
    """

    steps: Whole
    unit: str
    unit_steps: Annotated[float, Field(gt=0)]
    valid_steps: Several[Whole] = Field(default_factory=list)
    nrmse_84: float | None = None
    spectrum_distance: float | None = None
    diverged: float | None = None
    diverged_at: Several[Whole | None] = Field(default_factory=list)
    seconds: float | None = None
    mse: float | None = None
    sliding: bool = False
    validation_time: float | None = None
    validation_message: str = ""
    true: Several[float] = Field(default_factory=list)
    generated: Several[float] = Field(default_factory=list)
    maxima: dict[str, Several[tuple[float, float]]] = Field(default_factory=dict)
    status: Status = Status.OK
    message: str = ""


def _counted(data: dict[str, Any]) -> dict[str, Any]:
    """Check the facts about the data that the report reads; ValueError for a fact of another type."""
    for name in ("train", "valid", "test"):
        count = data.get(name, 0)
        if type(count) is not int or not 0 <= count <= LARGEST:
            raise ValueError(f"{name} must be a count of sequences, not {short(count)}")
    if type(data.get("fingerprint", "")) is not str:
        raise ValueError(f"fingerprint must be a text, not {short(data['fingerprint'])}")
    if type(data.get("thinned", [])) not in (list, tuple):
        raise ValueError(f"thinned must be a list of sentences, not {short(data['thinned'])}")
    return data


def known_schema(schema: int) -> int:
    """The schema of a line, if this version reads it; ValueError otherwise."""
    if not 1 <= schema <= SCHEMA:
        newer = " (a newer benchbench wrote this one)" if schema > SCHEMA else ""
        raise ValueError(f"this benchbench reads the schemas 1 to {SCHEMA}, not {short(schema)}{newer}")
    return schema


class Ended(Frozen):
    """A trial that ended, how it ended, and the names of the files that it left."""

    trial: Trial
    status: Status
    kept: Kept | None = None

    @property
    def artifact_name(self) -> str:
        """The file name of the trial's artifact."""
        return f"{self.trial.key}.npz"

    @property
    def kept_name(self) -> str | None:
        """The file name of the trial's fitted learner; None where it was not kept."""
        if self.kept is None or self.kept.form is None:
            return None
        return f"{self.trial.key}.learner.{'pt' if self.kept.form == 'torch' else 'npz'}"


class Record(Ended):
    """The outcome of one trial.

    ``objective`` has the names and directions of the metrics. ``scores`` has each metric and the loss as ``valid_NAME``
    and ``test_NAME``, and the ``floor`` of the primary metric where it is known; a score is None where a metric is
    undefined, and ``undefined`` says why under the same name. ``groups`` has the metrics of each named part of the test
    split. ``curve`` has a point (updates, seconds, validation loss, training loss) for each validation.
    ``predict_seconds`` has the seconds of each pass over the whole test split. ``data`` has counts of sequences, a
    fingerprint and the provenance. ``samples`` has the first stretch, the best and the worst prediction. ``free_run``
    is the closed loop, where the task declares one. ``kernel`` names the code that ran. ``baseline`` tells whether the
    architecture is a baseline (None in lines of the first schema), and ``solves`` whether it solves instead of stepping
    (None in older lines). ``watched`` is what was observed from outside the process. ``artifact`` names the arrays in a
    file of their own, and ``kept`` the fitted learner (None where nobody asked for it). ``block`` names the randomised
    block in which the trial ran; within a run, blocks start in the order of their names. ``files`` has the SHA-256 of
    each file of the user's that the trial depends on. ``added`` tells that ``--resolve`` added the seed, which is not
    in the study, to decide pairs at the effect ``resolved`` (None in older lines, and for other seeds). ``checksum`` is
    that of the line from which the record was read; lines have one from schema 3 on.
    """

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    # what a run needs to go on from a record stands first, so that the rest of a line need not be read
    message: str = ""
    environment: Annotated[Environment, Field(strict=False)] = Field(default_factory=Environment)
    started: str
    block: str | None = None
    added: bool = False
    resolved: Annotated[float, Field(gt=0)] | None = None
    files: dict[str, str] = Field(default_factory=dict)
    artifact: Artifact | None = None
    schema_: int = Field(default=SCHEMA, alias="schema")
    objective: ObjectiveFacts = _REGRESSION
    classes: Several[str] = Field(default_factory=list)
    baseline: bool | None = None
    solves: bool | None = None
    kernel: str | None = None
    scores: dict[str, float | None] = Field(default_factory=dict)
    undefined: dict[str, str] = Field(default_factory=dict)
    groups: dict[str, dict[str, float | None]] = Field(default_factory=dict)
    curve: Several[tuple[Whole, float, float, float | None]] = Field(default_factory=list)
    spent: Spent = Field(default_factory=Spent)
    watched: Observed | None = None
    predict_seconds: Several[float] = Field(default_factory=list)
    data: Annotated[dict[str, Any], AfterValidator(_counted)] = Field(default_factory=dict)
    samples: dict[str, Segment] = Field(default_factory=dict)
    free_run: FreeRunOutcome | None = None
    checksum: str | None = Field(default=None, exclude=True)

    _known = field_validator("schema_")(known_schema)

    @property
    def is_baseline(self) -> bool:
        """Whether the architecture is a baseline."""
        return self.trial.architecture in _FORMER_BASELINES if self.baseline is None else self.baseline

    @property
    def floor(self) -> float | None:
        """The best possible test value of the primary metric, where it is known; older lines have ``floor_mse``."""
        return self.scores.get("floor", self.scores.get("floor_mse"))
