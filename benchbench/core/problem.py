"""The types that pass between a task, the harness and a learner: problems, settings, sizes and learners."""

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
    """Sequences with their targets; the last ``scored`` steps of each sequence are predicted and scored.

    ``inputs`` (sequence, time, feature) and ``targets`` (sequence, scored, output) are NumPy float32 arrays, and may
    be strided views of a long series. ``lengths`` (sequence,) are whole numbers where sequences differ in length: each
    sequence ends after that many steps, its last ``scored`` steps are scored, and padding follows. ``labels``
    (sequence, ...) belong to the test split alone; metrics see them and learners do not. Raises ValueError where the
    shapes do not fit.
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
                raise ValueError(f"{name} is empty: shape {array.shape}; every dimension must be 1 or more")
        if len(self.inputs) != len(self.targets):
            raise ValueError(
                f"inputs have {len(self.inputs)} sequences, but targets have {len(self.targets)}; give as many of both"
            )
        if self.scored > self.inputs.shape[1]:
            raise ValueError(
                f"targets have {self.scored} scored steps, but a sequence of inputs has {self.inputs.shape[1]} steps; "
                "score at most all of them"
            )
        if self.lengths is not None:
            _check_lengths(self.lengths, self.inputs.shape[:2], self.scored)
            object.__setattr__(self, "lengths", self.lengths.astype(np.int64))  # torch takes no unsigned numbers
        if self.labels is not None and len(self.labels) != len(self.inputs):
            raise ValueError(
                f"labels are for {len(self.labels)} sequences, but inputs have {len(self.inputs)}; give one for each"
            )

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def scored(self) -> int:
        """The number of steps at the end of a sequence that are scored."""
        return int(self.targets.shape[1])


def _check_lengths(lengths: Any, shape: tuple[int, ...], scored: int) -> None:
    if not isinstance(lengths, np.ndarray) or lengths.dtype.kind not in "iu" or lengths.shape != shape[:1]:
        got = f"{lengths.dtype} {lengths.shape}" if isinstance(lengths, np.ndarray) else type(lengths).__name__
        raise ValueError(f"lengths must be an array of whole numbers, one for each of {shape[0]} sequences, not {got}")
    if lengths.min() < scored or lengths.max() > shape[1]:
        raise ValueError(
            f"lengths must lie between the {scored} scored steps and the {shape[1]} steps of the arrays, "
            f"not in {lengths.min()}..{lengths.max()}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class FreeRun:
    """What a learner is to generate in closed loop: a ``prefix`` for each start, and the ``truth`` that follows it.

    ``prefix`` (start, time, feature) and ``truth`` (start, steps, feature) are float32, in units of the inputs. The
    valid time is counted in ``unit``s of ``unit_steps`` steps, such as the Lyapunov time of a chaotic system.
    ``restore`` undoes scaling and squashing, for errors in units of the signal. Raises ValueError where the shapes do
    not fit.
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
            raise ValueError(
                f"free_run: prefix {self.prefix.shape} and truth {self.truth.shape} differ in starts or features; "
                "both must have as many"
            )
        if not isinstance(self.unit, str):
            raise TypeError(f"free_run: unit must be a text, not {type(self.unit).__name__}")
        if not 0 < self.unit_steps < np.inf:
            raise ValueError(f"free_run: unit_steps must be above 0 and finite, not {self.unit_steps}")

    @property
    def steps(self) -> int:
        """The number of steps to generate."""
        return int(self.truth.shape[1])


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """The data of one task for one seed and length: three splits, an objective, and facts about them.

    ``objective`` has the loss and the metrics. A classification has one-hot targets, and ``classes`` may name its
    outputs. ``asks`` tells what the targets are: later values of the series (``forecast``), a property of the sequence
    (``label``) or the inputs themselves (``reconstruct``). Where ``causal``, an output may depend on earlier inputs
    only. ``floor`` is the best possible test value of the primary metric, where it is known. ``groups`` names parts of
    the test split (slices of its sequences) that the report shows side by side. ``free_run`` is to be generated in
    closed loop, where outputs are the next inputs; ``valid_run`` has further starts, by which option sets are chosen
    for the free run. ``shown`` has arrays of any shape (...,) for figures of the report, such as a signal before and
    after cleaning; a study with ``predictions`` keeps them. ``provenance`` has facts about the data: source, scaling,
    sample ranges. Raises ValueError or TypeError where the parts do not fit.
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
            raise ValueError("labels are in train or valid, which learners see: only the test split may have labels")
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
        raise ValueError(
            f"a classification needs two classes or more, not {outputs}: one-hot targets (sequence, scored, class)"
        )
    if not all(isinstance(name, str) for name in problem.classes):
        raise TypeError(f"classes must be texts, as ('normal', 'ectopic'), not {problem.classes!r}")
    if problem.classes and len(problem.classes) != outputs:
        raise ValueError(f"{len(problem.classes)} classes are named, but the targets have {outputs}; name each of them")
    for name in ("train", "valid", "test"):
        targets = getattr(problem, name).targets
        if not (((targets == 0) | (targets == 1)).all() and (targets.sum(axis=2) == 1).all()):
            raise ValueError(f"{name}: the targets of a classification are one-hot: one 1 and otherwise 0 at each step")


def _check_runs(problem: Problem) -> None:
    if problem.valid_run is not None and problem.free_run is None:
        raise ValueError("valid_run is given without a free_run, for which it chooses option sets: give both")
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
        raise ValueError(
            f"{name}: a prefix of {free_run.prefix.shape[1]} steps is shorter than the sequences; give as many or more"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What the harness decides for a learner: the dimensions and objective of the problem, width, seed, device, engine.

    ``inputs`` and ``outputs`` count features and outputs, ``length`` the steps of a sequence, and ``scored`` the steps
    at its end that are scored. ``width`` is in units. Where ``causal``, an output must not depend on later inputs; a
    learner that cannot avoid this declines with UnsupportedError.
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
    """The size of a learner: how many numbers it trains, and how many it holds fixed."""

    trained: int
    fixed: int = 0

    @property
    def total(self) -> int:
        """Trained and fixed numbers together, which a parameter limit counts."""
        return self.trained + self.fixed


class Snapshot(NamedTuple):
    """The inside of a learner, for the microscope: ``states`` (sequence, time, unit) and ``weights`` by name."""

    states: NDArray[Any] | None
    weights: Mapping[str, NDArray[Any]]


class Learner(Protocol):
    """A competitor of a given width: it states its size, fits, and predicts.

    A learner may also offer the following. ``generate(prefix, steps)`` maps (sequence, time, feature) to the steps that
    follow, (sequence, steps, feature), with each output as the next input; learners without it predict from a sliding
    window. ``updates(train)`` is an endless iterator that does one update at each step, for benchmarks to time.
    ``snapshot(inputs)`` returns a Snapshot for the microscope. ``steps_back(inputs)`` returns the norm of the gradient
    of the last output with respect to the state of each number of steps before, (step,), or None. ``kernel`` names the
    code that ran, and ``kernel_seconds`` is how long compiling it took when this machine first needed it. ``widths``
    lists the widths that the learner can have, in increasing order, where it cannot have every width; it is read from
    a learner of width 1. Where sequences differ in length, the harness calls ``predict(inputs, lengths)``.
    ``keep()`` returns what the learner has learnt, as a mapping of names to NumPy arrays, or to torch tensors alone;
    ``restore(kept)`` is called on a new learner of the same setting and options, which then predicts and generates as
    the learner that was kept. A learner without the two is not kept.
    """

    @property
    def size(self) -> Size:
        """How many numbers the learner trains and holds fixed; known before ``fit``."""

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:
        """Learn from ``train``, choose by ``valid``, and stop when ``meter.spend()`` returns False."""

    def predict(self, inputs: Array) -> Array:
        """Map (sequence, time, feature) to (sequence, scored, output): probabilities where classes are asked for."""
