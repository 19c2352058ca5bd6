"""Echo state network: a fixed leaky reservoir and a trained linear readout. Jaeger 2001, GMD Report 148."""

from collections.abc import Callable, Iterator
from itertools import repeat

import numpy as np
import torch

from benchbench.core.closed_loop import require_own_input
from benchbench.core.errors import InputError, UnsupportedError
from benchbench.core.meter import Meter
from benchbench.core.options import Count, Fraction, NonNegativeFloat, Positive, PositiveFloat
from benchbench.core.problem import Array, Learner, Setting, Size, Split
from benchbench.core.registry import architecture
from benchbench.core.seeds import stream
from benchbench.learn.device import tensor
from benchbench.learn.readout import Block, Solver, fit_readout, predict_readout, take_in
from benchbench.learn.reservoir import Precision, Reservoir, Topology, Weights, draw, links

_CHUNK = 512  # sequences an update


@architecture("esn", version=2)
def esn(
    setting: Setting,
    *,
    spectral_radius: PositiveFloat = 0.95,
    leak: Fraction = 0.5,
    input_scaling: PositiveFloat = 0.5,
    bias: NonNegativeFloat = 0.2,
    links_per_unit: Positive = 10,
    density: Fraction | None = None,
    topology: Topology = "random",
    feedback: NonNegativeFloat = 0.0,
    state_noise: NonNegativeFloat = 0.0,
    washout: Count = 0,
    solver: Solver = "qr",
    precision: Precision = "float32",
) -> Learner:
    """Echo state network: leaky reservoir, ridge readout; density, where given, takes the place of links_per_unit."""
    if washout >= setting.length:
        raise InputError(f"washout {washout} leaves nothing of sequences of length {setting.length}")
    shape = (setting.width, topology, links_per_unit, density)
    channels = setting.inputs + (setting.outputs if feedback else 0)

    def make() -> Reservoir:
        rng = stream(setting.seed, "reservoir")
        recurrent = draw(rng, *shape) * spectral_radius
        scaling = np.repeat([input_scaling, feedback], [setting.inputs, channels - setting.inputs])
        into = rng.uniform(-1, 1, (channels, setting.width)) * scaling[:, None]
        offset = rng.uniform(-1, 1, setting.width) * bias
        return Reservoir(Weights(recurrent=recurrent, into=into, offset=offset), leak, setting.device, precision)

    size = Size(trained=(setting.width + 1) * setting.outputs, fixed=links(*shape) + (channels + 1) * setting.width)
    return EchoState(
        setting, make, size, feedback=feedback > 0, state_noise=state_noise, washout=washout, solver=solver
    )


class EchoState:
    """A reservoir, which ``make`` draws, and its readout, solved in float64.

    With ``feedback`` the outputs of the step before are further inputs: the targets during the fit, zero before the
    scored steps.
    """

    def __init__(
        self,
        setting: Setting,
        make: Callable[[], Reservoir],
        size: Size,
        *,
        feedback: bool,
        state_noise: float,
        washout: int,
        solver: Solver,
    ) -> None:
        self.size = size
        self._setting, self._make = setting, make
        self._feedback, self._noise, self._washout, self._solver = feedback, state_noise, washout, solver

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:
        """Drive the reservoir, a chunk of sequences an update, and solve the readout from what the budget allowed.

        UnsupportedError for output feedback where one step is scored.
        """
        self._solution = fit_readout(
            self._started(train), train, valid, meter,
            chunk=_CHUNK, device=self._setting.device, solver=self._solver, clean=self._taught,
        )  # fmt: skip

    def updates(self, train: Split) -> Iterator[None]:
        """Take in all of ``train`` at each step, without end, solve or meter: what benchmarks time."""
        for _ in take_in(self._started(train), repeat(train), self._setting.device, self._solver):
            yield

    def _started(self, train: Split) -> Callable[[Split], Iterator[Block]]:
        """The features of the fit, from a reservoir that is drawn here."""
        if self._feedback and train.scored == 1:
            raise UnsupportedError("output feedback needs more than one scored step: there is no output before it")
        self._reservoir = self._make()
        rng = stream(self._setting.seed, "state noise")
        return lambda split: self._taught(split, rng)

    def predict(self, inputs: Array) -> Array:
        """Map (sequence, time, feature) to (sequence, scored, output)."""
        scored = self._setting.scored
        if self._feedback:
            parts = [inputs[i : i + _CHUNK] for i in range(0, len(inputs), _CHUNK)]
            return np.concatenate([self._fed_back(part[:, :-scored], part[:, -scored:]) for part in parts])
        blocks = self._reservoir.drive(inputs, inputs.shape[1] - scored)
        return predict_readout(self._solution, blocks, (len(inputs), scored, self._setting.outputs))

    def generate(self, prefix: Array, steps: int) -> Array:
        """Map (sequence, time, feature) to the (sequence, steps, feature) that follow, the state carried on.

        UnsupportedError where outputs are not the next inputs.
        """
        require_own_input(self._setting)
        before = prefix.copy()  # what was fed back before a step is what is put in at it
        before[:, : prefix.shape[1] - self._setting.scored + 1] = 0  # as in the fit
        state = self._through(prefix, before)
        made = np.empty((len(prefix), steps, self._setting.outputs), np.float32)
        for step in range(steps):
            output = self._solution.predict(state.T)
            made[:, step] = output.cpu().numpy()
            state = self._reservoir.step(state, torch.cat([output.T] * (2 if self._feedback else 1)))
        return made

    def _taught(self, split: Split, rng: np.random.Generator | None = None) -> Iterator[Block]:
        """The states at the scored steps after the washout, the outputs before them known."""
        time, scored = split.inputs.shape[1], split.scored
        skipped = max(0, self._washout - (time - scored))
        inputs = split.inputs
        if self._feedback:
            before = np.zeros((len(split), time, split.targets.shape[2]), np.float32)
            before[:, time - scored + 1 :] = split.targets[:, :-1]
            inputs = self._channels(inputs, before)
        for sequences, steps, states in self._reservoir.drive(inputs, time - scored + skipped, rng, self._noise):
            yield sequences, slice(steps.start + skipped, steps.stop + skipped), states

    def _fed_back(self, warm_up: Array, scored: Array) -> Array:
        """Predictions (sequence, scored, output), each the input of the next step."""
        count, steps = scored.shape[:2]
        state = self._through(warm_up, np.zeros((count, warm_up.shape[1], self._setting.outputs), np.float32))
        made = np.zeros((count, steps + 1, self._setting.outputs), np.float32)
        for step in range(steps):
            inputs = self._channels(scored[:, step], made[:, step - 1])
            state = self._reservoir.step(state, tensor(inputs.T, self._setting.device))
            made[:, step] = self._solution.predict(state.T).cpu().numpy()
        return made[:, :-1]

    def _through(self, inputs: Array, before: Array) -> torch.Tensor:
        """The state (unit, sequence) after inputs (sequence, time, feature)."""
        steps = tensor(self._channels(inputs, before).transpose(1, 2, 0), self._setting.device)
        return self._reservoir.run(self._reservoir.rest(len(inputs)), steps, keep=0)[0]

    def _channels(self, inputs: Array, before: Array) -> Array:
        return np.concatenate([inputs, before], axis=-1) if self._feedback else inputs
