"""The gradient learner whose network is trained and evaluated by compiled kernels."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from scipy.special import softmax
from torch import Tensor

from benchbench.core.closed_loop import require_own_input
from benchbench.core.errors import DivergedError, UnsupportedError
from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Setting, Snapshot, Split
from benchbench.core.seeds import stream
from benchbench.learn.gradient import Best, Gradient, Loss
from benchbench.learn.native.engine import Engine, prepare
from benchbench.learn.native.entries import OPTIMIZERS, Step
from benchbench.learn.network import Core, Network
from benchbench.learn.sequences import Lengths

_KNOWN = {"learning_rate", "optimizer", "momentum", "clip", "schedule", "warm_up", "initial_state", "widths"}


class Native(Gradient):
    """A gradient learner on the engine numba: as ``Gradient``, but with other code for the arithmetic.

    Initial numbers, batches, validation and choice are the same. The kernels are compiled or loaded at construction,
    before any clock runs. Raises UnsupportedError for a device other than the CPU, and for options and cores that the
    kernels do not offer.
    """

    engines: ClassVar = ("numba",)

    def __init__(self, setting: Setting, core: Core, **options: Any) -> None:
        if setting.device != "cpu":
            raise UnsupportedError("the engine numba runs on the CPU")
        for name, parameter in inspect.signature(Gradient).parameters.items():
            if name in options and name not in _KNOWN and options[name] != parameter.default:
                raise UnsupportedError(f"the engine numba has no {name} = {options[name]!r}")
        super().__init__(setting, core, **options)
        self._engine: Engine | None = None
        with torch.device("meta"):
            self.kernel_seconds = prepare(self.build()).compile_seconds

    def predict(self, inputs: Array, lengths: Lengths | None = None) -> Array:
        """Map inputs (sequence, time, feature) and lengths (sequence,) to predictions (sequence, scored, output)."""
        outputs = self._ready().predict(inputs, lengths)
        return softmax(outputs, axis=-1) if self.setting.objective.classifies else outputs

    def snapshot(self, inputs: Array) -> Snapshot:
        """The states of the core for inputs (sequence, time, feature), and every weight under PyTorch's name for it."""
        self._ready().copy_to(self._fitted())
        return super().snapshot(inputs)

    def generate(self, prefix: Array, steps: int) -> Array:
        """Map a prefix (sequence, time, feature) to the steps (sequence, steps, feature) that follow it.

        The state is carried on from step to step. Raises UnsupportedError where outputs cannot be the next inputs.
        """
        require_own_input(self.setting)
        return self._ready().generate(prefix, steps)

    def keep(self) -> Mapping[str, Tensor | Array]:
        """The weights of the fitted network as arrays (...,), under PyTorch's names for them."""
        return {name: torch.as_tensor(weight).numpy().copy() for name, weight in super().keep().items()}

    def restore(self, kept: Mapping[str, Tensor | Array]) -> None:
        """Take over weights (...,) that a learner of the same setting kept.

        Raises PyTorch's RuntimeError where they do not fit.
        """
        super().restore(kept)
        self._take_over(self._fitted(), steps=self.setting.length, lengths=False)

    def _ready(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("fit comes first")
        return self._engine

    def _made(self, train: Split) -> Network:
        network = super()._made(train)
        self._take_over(network, steps=train.inputs.shape[1], lengths=train.lengths is not None)
        return network

    def _take_over(self, network: Network, *, steps: int, lengths: bool) -> None:
        """An engine with the numbers of a network, for sequences of so many steps, whether they differ or not."""
        step = Step(
            classifies=self.setting.objective.classifies,
            optimizer=OPTIMIZERS.index(self._optimizer),
            momentum=self._momentum,
            clip=self._clip,
            dropout=float(getattr(network.core, "dropout", 0.0)),
            key=int(stream(self.setting.seed, "dropout").integers(2**62)),
        )
        self._engine = Engine(network, self.setting, step, steps=steps, lengths=lengths)
        self.kernel = self._engine.kernel

    def _updating(self, network: Network, train: Split) -> Callable[[float], Loss]:  # noqa: ARG002  the engine has it
        engine, choices = self._ready(), self.choices(len(train))
        split = engine.batch(train.inputs, train.targets, train.lengths)
        return lambda rate: engine.update(split, rate, next(choices))

    def _validate(self, network: Network, valid: Split, meter: Meter, losses: list[Loss], best: Best) -> Best:
        engine = self._ready()
        if not engine.finite:
            raise DivergedError(f"the weights are not finite after {meter.updates} updates")
        engine.copy_to(network)
        return super()._validate(network, valid, meter, losses, best)

    def _descend(self, network: Network, train: Split, valid: Split, meter: Meter) -> None:
        super()._descend(network, train, valid, meter)
        self._ready().copy_from(network)
