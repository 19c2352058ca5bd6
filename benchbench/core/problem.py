"""What passes between a task, the harness and a learner: arrays, limits and sizes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from benchbench.core.errors import unknown
from benchbench.core.meter import Meter
from benchbench.core.objective import Objective

Array = NDArray[np.float32]
Asks = Literal["forecast", "label", "reconstruct"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """Sequences with targets; the last ``scored`` steps of each sequence count.

    ``inputs`` (sequence, time, feature) and ``targets`` (sequence, scored, output), NumPy float32. Windows of a long
    series may be strided views. ``lengths`` (sequence,), whole numbers: a sequence ends after so many steps, the last
    ``scored`` steps before its end count, and what follows is padding. ``labels`` (sequence, ...), in the test split
    alone, are seen by metrics and by no learner. Raises ValueError where the shapes do not fit.
    """

    inputs: Array
    targets: Array
    lengths: NDArray[np.int64] | None = None
    labels: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        for name in ("inputs", "targets"):
            array = getattr(self, name)
            if not isinstance(array, np.ndarray) or array.dtype != np.float32 or array.ndim != 3:
                got = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
                raise ValueError(f"{name} must be a float32 array of three dimensions, not {got}")
            if 0 in array.shape:
                raise ValueError(f"{name} is empty: shape {array.shape}")
        if len(self.inputs) != len(self.targets):
            raise ValueError(f"{len(self.inputs)} input sequences, but {len(self.targets)} target sequences")
        if self.scored > self.inputs.shape[1]:
            raise ValueError(f"{self.scored} steps are scored, but a sequence has {self.inputs.shape[1]}")
        if self.lengths is not None:
            _check_lengths(self.lengths, self.inputs.shape[:2], self.scored)
            object.__setattr__(self, "lengths", self.lengths.astype(np.int64))  # torch takes no unsigned numbers
        if self.labels is not None and len(self.labels) != len(self.inputs):
            raise ValueError(f"{len(self.inputs)} input sequences, but labels for {len(self.labels)}")

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def scored(self) -> int:
        """How many last steps of a sequence count."""
        return int(self.targets.shape[1])


def _check_lengths(lengths: Any, shape: tuple[int, ...], scored: int) -> None:
    if not isinstance(lengths, np.ndarray) or lengths.dtype.kind not in "iu" or lengths.shape != shape[:1]:
        raise ValueError(f"lengths must be whole numbers, one for each of the {shape[0]} sequences")
    if lengths.min() < scored or lengths.max() > shape[1]:
        raise ValueError(
            f"lengths must lie between the {scored} scored steps and the {shape[1]} steps of the arrays, "
            f"not in {lengths.min()}..{lengths.max()}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class FreeRun:
    """Stretches to be generated: each start's ``prefix``, the ``truth`` that follows on it, and the clock to judge by.

    ``prefix`` (start, time, feature) and ``truth`` (start, steps, feature), float32, in units of the inputs.
    ``unit_steps`` steps are one ``unit`` of valid time: a Lyapunov time of a chaotic system. ``restore`` undoes scaling
    and squashing, for errors in units of the signal. Raises ValueError where the shapes do not fit.
    """

    prefix: Array
    truth: Array
    unit: str = "step"
    unit_steps: float = 1.0
    restore: Callable[[Array], NDArray[np.float64]] | None = None

    def __post_init__(self) -> None:
        for name in ("prefix", "truth"):
            array = getattr(self, name)
            if not isinstance(array, np.ndarray) or array.dtype != np.float32 or array.ndim != 3 or 0 in array.shape:
                raise ValueError(f"free_run: {name} must be a float32 array (start, time, feature) that is not empty")
            if not np.isfinite(array).all():
                raise ValueError(f"free_run: {name} holds values that are missing or not finite")
        if (len(self.prefix), self.prefix.shape[2]) != (len(self.truth), self.truth.shape[2]):
            raise ValueError("free_run: prefix and truth differ in starts or features")
        if not isinstance(self.unit, str):
            raise TypeError(f"free_run: unit must be a text, not {type(self.unit).__name__}")
        if not 0 < self.unit_steps < np.inf:
            raise ValueError(f"free_run: unit_steps must be above 0 and finite, not {self.unit_steps}")

    @property
    def steps(self) -> int:
        """How many steps are generated."""
        return int(self.truth.shape[1])


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """The arrays of one task for one seed and length.

    ``objective`` is what is asked: the loss and the metrics. A classification has one-hot targets, and ``classes`` may
    name its outputs. ``asks`` says what the targets are: what lies ahead (``forecast``), what the sequence is
    (``label``) or the inputs themselves (``reconstruct``); ``causal`` whether an output may depend on earlier inputs
    alone. ``floor`` is the best possible test value of the primary metric, where it is known. ``groups`` names parts
    of the test split (slices of its sequences) that the report shows side by side. ``free_run`` is what is to be
    generated in closed loop, where the outputs are the next inputs; ``valid_run`` is the same from other starts, where
    there are any, by which option sets are chosen for it. ``shown`` are arrays for figures of the report,
    which a study with ``predictions`` keeps, such as a signal before and after cleaning. ``provenance`` holds facts
    about the data: source, scaling, sample ranges. Raises ValueError or TypeError where the parts do not fit.
    """

    train: Split
    valid: Split
    test: Split
    objective: Objective = field(default_factory=Objective.regression)
    classes: tuple[str, ...] = ()
    asks: Asks = "forecast"
    causal: bool = True
    floor: float | None = None
    free_run: FreeRun | None = None
    valid_run: FreeRun | None = None
    groups: Mapping[str, slice] = field(default_factory=dict)
    shown: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shapes = {(s.inputs.shape[1:], s.targets.shape[1:]) for s in (self.train, self.valid, self.test)}
        if len(shapes) > 1:
            raise ValueError(f"train, valid and test differ in (time, feature) or (scored, output): {sorted(shapes)}")
        if not isinstance(self.objective, Objective):
            raise TypeError(f"objective must be a benchbench.Objective, not {type(self.objective).__name__}")
        if self.asks not in get_args(Asks):
            raise unknown("value of asks", self.asks, get_args(Asks))
        if len({split.lengths is None for split in (self.train, self.valid, self.test)}) > 1:
            raise ValueError("train, valid and test must all have lengths, or none of them")
        if self.train.labels is not None or self.valid.labels is not None:
            raise ValueError("labels belong to the test split alone: learners see train and valid")
        if self.objective.classifies:
            _check_classes(self)
        _check_runs(self)
        for name, part in self.groups.items():
            if not isinstance(name, str) or not isinstance(part, slice) or not len(self.test.targets[part]):
                raise ValueError(
                    f"groups: {name!r} must be a text and name a slice of the test split that is not empty"
                )


def _check_classes(problem: Problem) -> None:
    outputs = problem.train.targets.shape[2]
    if outputs < 2:
        raise ValueError("a classification needs two classes or more: one-hot targets (sequence, scored, class)")
    if not all(isinstance(name, str) for name in problem.classes):
        raise TypeError(f"classes must be texts, as ('normal', 'ectopic'), not {problem.classes!r}")
    if problem.classes and len(problem.classes) != outputs:
        raise ValueError(f"{len(problem.classes)} classes are named, but the targets have {outputs}")
    for name in ("train", "valid", "test"):
        targets = getattr(problem, name).targets
        if not (((targets == 0) | (targets == 1)).all() and (targets.sum(axis=2) == 1).all()):
            raise ValueError(f"{name}: the targets of a classification are one-hot: one 1 and otherwise 0 at each step")


def _check_runs(problem: Problem) -> None:
    if problem.valid_run is not None and problem.free_run is None:
        raise ValueError("valid_run chooses option sets for a free run, and there is none")
    for name in ("free_run", "valid_run"):
        if getattr(problem, name) is not None:
            _fits(getattr(problem, name), problem.train, name)


def _fits(free_run: Any, train: Split, name: str) -> None:
    if not isinstance(free_run, FreeRun):
        raise TypeError(f"{name} must be a benchbench.FreeRun, not {type(free_run).__name__}")
    features, inputs, outputs = free_run.truth.shape[2], train.inputs.shape[2], train.targets.shape[2]
    if not features == inputs == outputs:
        raise ValueError(f"{name} has {features} features, but sequences have {inputs} inputs and {outputs} outputs")
    if free_run.prefix.shape[1] < train.inputs.shape[1]:
        raise ValueError(f"{name}: a prefix of {free_run.prefix.shape[1]} steps is shorter than the sequences")


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What the harness decides for a learner: the problem's dimensions, its objective, width, seed, device, engine.

    Where ``causal``, an output must not depend on later inputs; a learner that cannot help it declines with
    UnsupportedError.
    """

    inputs: int
    outputs: int
    scored: int
    length: int
    width: int
    seed: int
    device: str = "cpu"
    batch: int = 64
    engine: str = "torch"
    objective: Objective = field(default_factory=Objective.regression)
    causal: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """How many numbers a learner trains, and how many it holds fixed."""

    trained: int
    fixed: int = 0

    @property
    def total(self) -> int:
        """Trained and fixed together: what a parameter limit counts."""
        return self.trained + self.fixed


class Snapshot(NamedTuple):
    """What the microscope sees of a learner: ``states`` (sequence, time, unit) and named ``weights``, as arrays."""

    states: NDArray[Any] | None
    weights: Mapping[str, NDArray[Any]]


class Learner(Protocol):
    """A competitor that has been given its width.

    A learner may also offer ``generate(prefix, steps)``, which maps (sequence, time, feature) to what it makes of the
    ``steps`` that follow, (sequence, steps, feature), each output being its next input. For others a window slides.
    ``updates(train)``, an iterator that does an update at each step, without end: benchmarks time these.
    ``snapshot(inputs)`` gives a Snapshot of its states and weights for the microscope, ``steps_back(inputs)`` how large
    the gradient of the last output is at the state so many steps before, (step,), or None. ``kernel`` is a text that
    names the code that ran, ``kernel_seconds`` what compiling it took, once on the machine. ``widths`` are those that
    it can have, in increasing order, where it cannot have any; they are asked of a learner of width 1. Where sequences
    differ in length, ``predict(inputs, lengths)`` is called. A learner that can be kept has ``keep()``, what it has
    learnt as a mapping of names to arrays, or to torch tensors alone, and ``restore(kept)``, by which a new learner of
    the same setting and options predicts, and generates, as the one that was kept.
    """

    @property
    def size(self) -> Size:
        """How many numbers it trains and holds; known before ``fit``."""

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:
        """Learn from ``train``, choose by ``valid``, and stop when ``meter.spend()`` says False."""

    def predict(self, inputs: Array) -> Array:
        """Map (sequence, time, feature) to (sequence, scored, output): probabilities where classes are asked for."""
