"""The one training loop: minibatch gradient descent on the mean squared error, driven by the meter."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from benchbench.core.closed_loop import require_own_input, slide
from benchbench.core.errors import InputError
from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Setting, Size, Split
from benchbench.core.seeds import stream
from benchbench.learn.device import seeded, tensor

Core = Callable[[int, int], nn.Module]
Optimizer = Literal["adam", "sgd", "rmsprop"]

_CHUNK = 512  # sequences a forward pass outside training


class Network(nn.Module):
    """A recurrent core and a linear readout of its last ``scored`` states."""

    def __init__(self, core: Core, setting: Setting) -> None:
        super().__init__()
        self.core = core(setting.inputs, setting.width)
        self.head = nn.Linear(setting.width, setting.outputs)
        self.scored = setting.scored

    def forward(self, inputs: Tensor) -> Tensor:
        """Map (batch, time, inputs) to (batch, scored, outputs)."""
        states, _ = self.core(inputs)
        prediction: Tensor = self.head(states[:, -self.scored :])
        return prediction


@dataclass(frozen=True)
class _Best:
    """The weights with the lowest validation error so far."""

    mse: float = np.inf
    weights: dict[str, Tensor] = field(default_factory=dict)


class Gradient:
    """A learner made of a torch core, trained by gradient descent; keeps the weights that were best on validation.

    ``core(inputs, width)`` returns a module that maps (batch, time, inputs) and an optional state to (states of shape
    (batch, time, width), state), as ``nn.GRU(..., batch_first=True)`` does. ``clip`` bounds the norm of the gradient; 0
    is no bound. The validation split is scored off the clock, ten times over the budget and at its end.
    """

    def __init__(
        self,
        setting: Setting,
        core: Core,
        *,
        learning_rate: float = 1e-3,
        optimizer: Optimizer = "adam",
        momentum: float = 0.0,
        clip: float = 1.0,
    ) -> None:
        if momentum and optimizer == "adam":
            raise InputError("momentum: adam has its own; give it with sgd or rmsprop")
        self.setting = setting
        self._core = core
        self._learning_rate, self._optimizer = learning_rate, optimizer
        self._momentum, self._clip = momentum, clip
        self._network: Network | None = None

    @property
    def size(self) -> Size:
        """Trained and fixed numbers, counted without allocating them."""
        with torch.device("meta"):
            network = Network(self._core, self.setting)
        trained = sum(p.numel() for p in network.parameters() if p.requires_grad)
        buffers = sum(b.numel() for b in network.buffers())
        return Size(trained=trained, fixed=sum(p.numel() for p in network.parameters()) - trained + buffers)

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:
        """Train until the meter refuses; raises DivergedError where the error is no longer finite."""
        with seeded(self.setting.seed, self.setting.device):
            self._network = Network(self._core, self.setting).to(self.setting.device)
            self._descend(self._network, train, valid, meter)

    def predict(self, inputs: Array) -> Array:
        """Map (sequence, time, feature) to (sequence, scored, output)."""
        network = self._fitted()
        with torch.inference_mode():
            parts = [network(self._tensor(inputs[i : i + _CHUNK])).cpu() for i in range(0, len(inputs), _CHUNK)]
        predictions: Array = torch.cat(parts).numpy()
        return predictions

    def generate(self, prefix: Array, steps: int) -> Array:
        """Map (sequence, time, feature) to the (sequence, steps, feature) that follow, the state carried on.

        A window slides where the core carries none. UnsupportedError where outputs are not the next inputs.
        """
        network = self._fitted()
        require_own_input(self.setting)
        made = []
        with torch.inference_mode():
            states, state = network.core(self._tensor(prefix))
            if state is None:
                return slide(self.predict, prefix, steps, self.setting.length)
            for _ in range(steps):
                made.append(network.head(states[:, -1:]))
                states, state = network.core(made[-1], state)
        generated: Array = torch.cat(made, dim=1).cpu().numpy()
        return generated

    def updates(self, train: Split) -> Iterator[None]:
        """Do an update at each step, without end, validation or meter: what benchmarks time."""
        with seeded(self.setting.seed, self.setting.device):
            self._network = Network(self._core, self.setting).to(self.setting.device)
        optimizer = self._make_optimizer(self._network)
        for batch in self._batches(train):
            self._step(self._network.train(), optimizer, *batch)
            yield

    def _fitted(self) -> Network:
        if self._network is None:
            raise RuntimeError("fit comes first")
        return self._network.eval()

    def _descend(self, network: Network, train: Split, valid: Split, meter: Meter) -> None:
        optimizer = self._make_optimizer(network)
        batches = self._batches(train)
        best = _Best()
        losses: list[Tensor] = []
        while meter.spend():
            losses.append(self._step(network, optimizer, *next(batches)))
            if meter.due():
                with meter.paused():
                    best = self._validate(network, valid, meter, losses, best)
                losses = []
        with meter.paused():
            network.load_state_dict(self._validate(network, valid, meter, losses, best).weights)

    def _step(self, network: Network, optimizer: torch.optim.Optimizer, inputs: Array, targets: Array) -> Tensor:
        optimizer.zero_grad()
        predictions = network(self._tensor(inputs))
        if predictions.shape != targets.shape:  # a broadcast would train on nonsense
            raise ValueError(f"the core gives predictions of shape {tuple(predictions.shape)}, targets {targets.shape}")
        loss = nn.functional.mse_loss(predictions, self._tensor(targets))
        loss.backward()  # type: ignore[no-untyped-call]
        if self._clip:
            nn.utils.clip_grad_norm_(network.parameters(), self._clip)
        optimizer.step()
        return loss.detach()

    def _validate(self, network: Network, valid: Split, meter: Meter, losses: list[Tensor], best: "_Best") -> "_Best":
        train_mse = float(torch.stack(losses).mean()) if losses else None
        valid_mse = float(np.mean(np.square(self.predict(valid.inputs) - valid.targets, dtype=np.float64)))
        meter.note(valid_mse, train_mse)
        network.train()
        if valid_mse < best.mse:
            return _Best(valid_mse, copy.deepcopy(network.state_dict()))  # a copy, not a reference that trains on
        return best

    def _make_optimizer(self, network: Network) -> torch.optim.Optimizer:
        parameters, rate = network.parameters(), self._learning_rate
        if self._optimizer == "sgd":
            return torch.optim.SGD(parameters, lr=rate, momentum=self._momentum)
        if self._optimizer == "rmsprop":
            return torch.optim.RMSprop(parameters, lr=rate, momentum=self._momentum)
        return torch.optim.Adam(parameters, lr=rate)

    def _batches(self, train: Split) -> Iterator[tuple[Array, Array]]:
        """Endless epochs, each sequence once an epoch, the last batch of an epoch smaller where it does not divide."""
        rng = stream(self.setting.seed, "batches")
        while True:
            order = rng.permutation(len(train))
            for i in range(0, len(order), self.setting.batch):
                chosen = order[i : i + self.setting.batch]
                yield train.inputs[chosen], train.targets[chosen]

    def _tensor(self, array: Array) -> Tensor:
        return tensor(array, self.setting.device)
