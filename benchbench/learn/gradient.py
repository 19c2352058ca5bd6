"""The training loop: minibatch gradient descent on the loss of the objective, driven by the meter."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Literal, NamedTuple, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchbench.core.closed_loop import generate_by_window, require_own_input
from benchbench.core.errors import InputError, UnsupportedError, unknown
from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Setting, Size, Snapshot, Split
from benchbench.core.seeds import stream
from benchbench.learn.backward import steps_back
from benchbench.learn.choosing import Standing, standing
from benchbench.learn.device import seeded, tensor
from benchbench.learn.network import Core, Network, kernel_of
from benchbench.learn.schedule import Schedule, factor
from benchbench.learn.sequences import Lengths
from benchbench.learn.sizing import ANY_WIDTH

Optimizer = Literal["adam", "sgd", "momentum", "rmsprop"]
ClassWeights = Literal["equal", "balanced"]
InitialState = Literal["zeros", "learned"]
FreeRunBy = Literal["state", "window"]

_MOMENTUM = 0.9  # default of the optimizer "momentum"
Loss = Tensor | float
"""The loss of a batch: a tensor where reading the number would wait for the device."""

_CHUNK = 512  # sequences in a forward pass outside training


class Batch(NamedTuple):
    """A batch of training: inputs (batch, time, feature), targets (batch, scored, output) and lengths (batch,)."""

    inputs: Array
    targets: Array
    lengths: Lengths | None


class _Around(NamedTuple):
    """The arguments of ``Network`` for the parts around its core."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    learned_start: bool


@dataclass(frozen=True)
class Best:
    """The weights, arrays (...,) by name, that were best on the validation split so far, and their standing."""

    standing: Standing | None = None
    weights: dict[str, Tensor] = field(default_factory=dict)


class Gradient:
    """A learner of a PyTorch core and a linear head, trained by gradient descent.

    It keeps the weights that were best on the validation split, which is scored off the clock whenever the meter says
    so and at the end of the budget. The loss, and the metric that chooses on validation, come from the objective of
    ``setting``; where it asks for classes, predictions are probabilities.

    ``core(inputs, width)`` returns a module that maps (batch, time, inputs) and an optional state to a pair of states
    of shape (batch, time, width) and the last state, as ``nn.GRU(..., batch_first=True)`` does. ``clip`` bounds the
    norm of the gradient; 0 means no bound. The learning rate rises over the share ``warm_up`` of the budget, and then
    falls as ``schedule`` says. ``widths`` lists the widths that the core can have, in increasing order, such as
    ``range(8, 1025, 8)``. ``dense_before`` and ``dense_after`` are the widths of layers of rectified linear units
    around the core. ``initial_state`` is "zeros" or "learned". With "balanced" ``class_weights``, every class has the
    same weight in the training loss. A ``free_run`` by "state" carries the state on; by "window", each step starts from
    the last window alone, as in training.

    Raises InputError for a wrong option, UnsupportedError for an engine that the learner does not have, and FormError
    for a core of another form.
    """

    engines: ClassVar = ("torch",)

    def __init__(
        self,
        setting: Setting,
        core: Core,
        *,
        learning_rate: float = 1e-3,
        optimizer: Optimizer = "adam",
        momentum: float = 0.0,
        clip: float = 1.0,
        schedule: Schedule = "cosine",
        warm_up: float = 0.0,
        dense_before: tuple[int, ...] = (),
        dense_after: tuple[int, ...] = (),
        initial_state: InitialState = "zeros",
        free_run: FreeRunBy = "state",
        class_weights: ClassWeights = "equal",
        widths: Sequence[int] = ANY_WIDTH,
    ) -> None:
        if momentum and optimizer == "adam":
            raise InputError(f"momentum = {momentum:g}: adam has its own; give it with sgd, momentum or rmsprop only")
        if schedule not in get_args(Schedule):
            raise unknown("schedule", schedule, get_args(Schedule))
        if not 0 <= warm_up < 1:
            raise InputError(f"warm_up = {warm_up}: it must be a share of the budget, from 0 to below 1")
        if setting.engine not in self.engines:
            raise UnsupportedError(f"the gradient learner has no engine {setting.engine!r}")
        self.setting, self.widths = setting, widths
        self._core = core
        self._learning_rate, self._optimizer = learning_rate, optimizer
        self._factor = partial(factor, schedule, warm_up) if warm_up or schedule != "constant" else None
        self._momentum, self._clip = momentum, clip
        if optimizer == "momentum":
            self._optimizer, self._momentum = "sgd", momentum or _MOMENTUM
        self._around = _Around(dense_before, dense_after, initial_state == "learned")
        self._class_weights, self._free_run = class_weights, free_run
        self._weights: Tensor | None = None
        self._network: Network | None = None
        self.kernel: str | None = None

    @property
    def size(self) -> Size:
        """The size of the network, counted without allocating memory for its numbers."""
        with torch.device("meta"):
            network = self.build()
        trained = sum(p.numel() for p in network.parameters() if p.requires_grad)
        buffers = sum(b.numel() for b in network.buffers())
        return Size(trained=trained, fixed=sum(p.numel() for p in network.parameters()) - trained + buffers)

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:
        """Train until the meter refuses further updates; raises DivergedError where the loss is not finite."""
        with seeded(self.setting.seed, self.setting.device):
            network = self._made(train)
            meter.look()
            self._descend(network, train, valid, meter)

    def predict(self, inputs: Array, lengths: Lengths | None = None) -> Array:
        """Map inputs (sequence, time, feature) and lengths (sequence,) to predictions (sequence, scored, output)."""
        network = self._fitted()
        parts = []
        with torch.inference_mode():
            for i in range(0, len(inputs), _CHUNK):
                ends = None if lengths is None else lengths[i : i + _CHUNK]
                parts.append(network.predictions_of(network(self._tensor(inputs[i : i + _CHUNK]), ends)).cpu())
        predictions: Array = torch.cat(parts).numpy()
        return predictions

    def snapshot(self, inputs: Array) -> Snapshot:
        """The states of the core for inputs (sequence, time, feature), and every weight under PyTorch's name for it."""
        training = self._network is not None and self._network.training
        network = self._fitted()
        with torch.inference_mode():
            parts = [network.states(self._tensor(inputs[i : i + _CHUNK])).cpu() for i in range(0, len(inputs), _CHUNK)]
        network.train(training)
        weights = {name: weight.detach().cpu().numpy().copy() for name, weight in network.named_parameters()}
        return Snapshot(states=torch.cat(parts).numpy(), weights=weights)

    def steps_back(self, inputs: Array) -> Array | None:
        """The norm of the gradient of the last output with respect to the state 0, 1, 2 ... steps before it, (step,).

        Only the first of the inputs (sequence, time, feature) is used. Returns None where the core carries no state, or
        sees later inputs.
        """
        training = self._network is not None and self._network.training
        network = self._fitted()
        found = steps_back(network, self._tensor(inputs[:1]))
        network.train(training)
        return found

    def generate(self, prefix: Array, steps: int) -> Array:
        """Map a prefix (sequence, time, feature) to the steps (sequence, steps, feature) that follow it.

        The state is carried on from step to step. A sliding window takes its place where ``free_run`` is "window", and
        where the core carries no state or sees later inputs. Raises UnsupportedError where outputs cannot be the next
        inputs.
        """
        network = self._fitted()
        require_own_input(self.setting)
        made = []
        with torch.inference_mode():
            states, state = network.advance(self._tensor(prefix))
            if state is None or network.looks_ahead or self._free_run == "window":
                return generate_by_window(self.predict, prefix, steps, self.setting.length)
            for _ in range(steps):
                made.append(network.head(states[:, -1:]))
                states, state = network.advance(made[-1], state)
        generated: Array = torch.cat(made, dim=1).cpu().numpy()
        return generated

    def keep(self) -> Mapping[str, Tensor | Array]:
        """The weights (...,) of the fitted network, as PyTorch's state dict."""
        weights: dict[str, Tensor] = self._fitted().state_dict()
        return weights

    def restore(self, kept: Mapping[str, Tensor | Array]) -> None:
        """Take over weights (...,) that a learner of the same setting kept.

        Raises PyTorch's RuntimeError where they do not fit.
        """
        with seeded(self.setting.seed, self.setting.device):
            network = self.build().to(self.setting.device)
        network.load_state_dict({name: torch.as_tensor(weight) for name, weight in kept.items()})
        self._network = network

    def updates(self, train: Split) -> Iterator[None]:
        """An endless iterator that does an update at each step, without validation or meter, for benchmarks to time."""
        with seeded(self.setting.seed, self.setting.device):
            network = self._made(train)
        update = self._updating(network, train)
        while True:
            network.train()
            update(self._learning_rate)
            yield

    def _made(self, train: Split) -> Network:
        """Make a new network; the caller has seeded PyTorch's generators."""
        self.prepare(train)
        self._network = self.build().to(self.setting.device)
        if self._network.looks_ahead and self.setting.causal and self.setting.scored > 1:
            raise UnsupportedError("the core sees later inputs, and outputs of this problem must not see later inputs")
        if self._class_weights == "balanced":
            self._weights = self._tensor(_balanced(train.targets, self.setting))
        self.kernel = kernel_of(self._network, self.setting.device, lengths=train.lengths is not None)
        return self._network

    def prepare(self, train: Split) -> None:
        """Look at the training split before a network is made; subclasses decline a split here."""

    def build(self) -> Network:
        """Make a new network, with numbers from PyTorch's generators."""
        return Network(self._core, self.setting, **self._around._asdict())

    def _fitted(self) -> Network:
        if self._network is None:
            raise RuntimeError("the learner is not fitted: call fit first")
        return self._network.eval()

    def _descend(self, network: Network, train: Split, valid: Split, meter: Meter) -> None:
        update = self._updating(network, train)
        best = Best()
        losses: list[Loss] = []
        while meter.spend():
            losses.append(update(self._rate(meter)))
            if meter.due():
                with meter.paused():
                    best = self._validate(network, valid, meter, losses, best)
                losses = []
        with meter.paused():
            network.load_state_dict(self._validate(network, valid, meter, losses, best).weights)

    def _rate(self, meter: Meter) -> float:
        return self._learning_rate * (self._factor(meter.used_before) if self._factor else 1.0)

    def _updating(self, network: Network, train: Split) -> Callable[[float], Loss]:
        """A function that does the next update at a given learning rate, and returns the loss before it."""
        optimizer, batches = self._make_optimizer(network), self._batches(train)
        return lambda rate: self._step(network, optimizer, next(batches), rate)

    def _step(self, network: Network, optimizer: torch.optim.Optimizer, batch: Batch, rate: float) -> Loss:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        outputs, targets = self.outputs(network, batch), batch.targets
        if outputs.shape != targets.shape:  # broadcasting them would train on a meaningless loss
            shapes = f"{tuple(outputs.shape)}, targets {targets.shape}"
            raise ValueError(f"the core gives predictions of shape {shapes}")
        loss = self._loss(outputs, self._tensor(targets))
        loss.backward()  # type: ignore[no-untyped-call]
        if self._clip:
            nn.utils.clip_grad_norm_(network.parameters(), self._clip)
        optimizer.step()
        return loss.detach()

    def outputs(self, network: Network, batch: Batch) -> Tensor:
        """The outputs (batch, scored, output) of the network for a batch in training."""
        outputs: Tensor = network(self._tensor(batch.inputs), batch.lengths)
        return outputs

    def _loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        if self.setting.objective.classifies:
            return nn.functional.cross_entropy(outputs.flatten(0, 1), targets.flatten(0, 1), weight=self._weights)
        return nn.functional.mse_loss(outputs, targets)

    def _validate(self, network: Network, valid: Split, meter: Meter, losses: list[Loss], best: Best) -> Best:
        train_loss = float(torch.stack([*map(torch.as_tensor, losses)]).mean()) if losses else None
        now = standing(self.setting.objective, valid.targets, self.predict(valid.inputs, valid.lengths))
        meter.note(now.loss, train_loss)
        network.train()
        if best.standing is None or now < best.standing:
            return Best(now, self._copied(network.state_dict()))
        return best

    def _copied(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """A copy of the weights, since training changes the tensors themselves."""
        return copy.deepcopy(weights)

    def _make_optimizer(self, network: Network) -> torch.optim.Optimizer:
        parameters, rate = network.parameters(), self._learning_rate
        if self._optimizer == "sgd":
            return torch.optim.SGD(parameters, lr=rate, momentum=self._momentum)
        if self._optimizer == "rmsprop":
            return torch.optim.RMSprop(parameters, lr=rate, momentum=self._momentum)
        return torch.optim.Adam(parameters, lr=rate)

    def _batches(self, train: Split) -> Iterator[Batch]:
        for chosen in self.choices(len(train)):
            ends = None if train.lengths is None else train.lengths[chosen]
            yield Batch(train.inputs[chosen], train.targets[chosen], ends)

    def choices(self, count: int) -> Iterator[NDArray[np.int64]]:
        """The indexes (batch,) of the sequences of each batch, in endless epochs.

        Every epoch has each of ``count`` sequences once, in a new order; its last batch may be smaller.
        """
        rng = stream(self.setting.seed, "batches")
        while True:
            order = rng.permutation(count)
            for i in range(0, count, self.setting.batch):
                yield order[i : i + self.setting.batch]

    def _tensor(self, array: Array) -> Tensor:
        return tensor(array, self.setting.device)


def _balanced(targets: Array, setting: Setting) -> Array:
    """Weights (class,) that give all classes the same total weight; 0 for a class without examples."""
    if not setting.objective.classifies:
        raise UnsupportedError("class_weights: this problem asks for numbers, not for classes")
    counts = targets.sum(axis=(0, 1), dtype=np.float64)
    present = np.maximum(counts, 1) * np.count_nonzero(counts)
    return np.where(counts > 0, counts.sum() / present, 0).astype(np.float32)
