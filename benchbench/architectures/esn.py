"""Echo state network: a fixed leaky reservoir and a trained linear readout. Jaeger 2001, GMD Report 148."""

from collections.abc import Callable, Iterator, Mapping
from itertools import repeat
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array

from benchbench.core.closed_loop import require_own_input
from benchbench.core.errors import InputError, UnsupportedError
from benchbench.core.meter import Meter
from benchbench.core.options import Count, Fraction, NonNegativeFloat, Positive, PositiveFloat, Search
from benchbench.core.problem import Array, Learner, Setting, Size, Snapshot, Split
from benchbench.core.registry import architecture
from benchbench.core.seeds import stream
from benchbench.learn.device import tensor
from benchbench.learn.readout import Block, Solution, Solver, fit_readout, predict_readout, rows_after_each
from benchbench.learn.reservoir import Precision, Reservoir, Topology, Weights, draw, links
from benchbench.learn.sequences import Lengths

_CHUNK = 512  # sequences in an update
_SPARSE = ("data", "indices", "indptr")


@architecture("esn", version=2, solves=True)
def esn(
    setting: Setting,
    *,
    spectral_radius: Annotated[PositiveFloat, Search(0.3, 1.5)] = 0.95,
    leak: Annotated[Fraction, Search(0.05, 1.0, log=True)] = 0.5,
    input_scaling: Annotated[PositiveFloat, Search(0.05, 2.0, log=True)] = 0.5,
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
    """Echo state network: leaky reservoir and ridge readout; density, where given, replaces links_per_unit."""
    if washout >= setting.length:
        raise InputError(
            f"washout {washout} leaves nothing of sequences of length {setting.length}; give a washout below the length"
        )
    shape = (setting.width, topology, links_per_unit, density)
    channels = setting.inputs + (setting.outputs if feedback else 0)

    def make(known: Weights | None = None) -> Reservoir:
        return Reservoir(known or drawn(), leak, setting.device, precision)

    def drawn() -> Weights:
        rng = stream(setting.seed, "reservoir")
        recurrent = draw(rng, *shape) * spectral_radius
        scaling = np.repeat([input_scaling, feedback], [setting.inputs, channels - setting.inputs])
        into = rng.uniform(-1, 1, (channels, setting.width)) * scaling[:, None]
        offset = rng.uniform(-1, 1, setting.width) * bias
        return Weights(recurrent=recurrent, into=into, offset=offset)

    size = Size(trained=(setting.width + 1) * setting.outputs, fixed=links(*shape) + (channels + 1) * setting.width)
    return EchoState(
        setting, make, size, feedback=feedback > 0, state_noise=state_noise, washout=washout, solver=solver
    )


class EchoState:
    """A learner of a reservoir, which ``make`` draws unless it has the weights, and a readout, solved in float64.

    Where classes are asked for, the readout is a regression on one-hot targets, and a softmax turns its outputs into
    probabilities; validation chooses the temperature of the softmax as well as the ridge strength. With ``feedback``,
    the outputs of the step before are further inputs: the targets take their place during the fit, and zeros before the
    scored steps.
    """

    def __init__(
        self,
        setting: Setting,
        make: Callable[..., Reservoir],
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
        self._reservoir: Reservoir | None = None
        self._solution: Solution | None = None

    @property
    def kernel(self) -> str | None:
        """The name of the code that advances the states, once there is a reservoir."""
        return None if self._reservoir is None else self._reservoir.kernel

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:
        """Drive the reservoir with a chunk of sequences in each update, as far as the budget allows; solve the readout.

        Raises UnsupportedError for output feedback where one step is scored or sequences differ in length.
        """
        features = self._started(train)
        meter.look()
        self._solution = fit_readout(
            features, train, valid, meter, objective=self._setting.objective,
            chunk=_CHUNK, device=self._setting.device, solver=self._solver, clean=self._taught,
        )  # fmt: skip
        meter.note(self._solution.loss)

    def updates(self, train: Split) -> Iterator[None]:
        """An endless iterator that drives all of ``train`` at each step, without solving, for benchmarks to time."""
        for _ in rows_after_each(self._started(train), repeat(train), self._setting.device, self._solver):
            yield

    def _started(self, train: Split) -> Callable[[Split], Iterator[Block]]:
        """Draw a reservoir, and return the function that makes the features of the fit with it."""
        if self._feedback and train.scored == 1:
            raise UnsupportedError("output feedback needs more than one scored step: the first has no output before it")
        if self._feedback and train.lengths is not None:
            raise UnsupportedError("output feedback is not offered for sequences that differ in length")
        self._reservoir, self._solution = self._make(), None
        rng = stream(self._setting.seed, "state noise")
        return lambda split: self._taught(split, rng)

    def predict(self, inputs: Array, lengths: Lengths | None = None) -> Array:
        """Map inputs (sequence, time, feature) and lengths (sequence,) to predictions (sequence, scored, output)."""
        scored, solution = self._setting.scored, self._solved
        if self._feedback:
            outputs = torch.from_numpy(self._fed_back(inputs))
            return solution.predictions_of(outputs).float().numpy()
        blocks: Iterator[Block]
        if lengths is None:
            blocks = self._drawn.drive(inputs, inputs.shape[1] - scored)
        else:
            blocks = self._drawn.drive_to_ends(inputs, lengths, scored)
        return predict_readout(solution, blocks, (len(inputs), scored, self._setting.outputs))

    def snapshot(self, inputs: Array) -> Snapshot:
        """The states for inputs (sequence, time, feature), and the weights, the readout's included once it is solved.

        The weights are ``recurrent`` (unit, unit), ``input`` (unit, channel), ``bias`` (unit,), ``readout`` (output,
        unit) and ``readout_bias`` (output,).
        """
        count, time, scored = *inputs.shape[:2], self._setting.scored
        before = np.zeros((count, time, self._setting.outputs), np.float32)
        if self._feedback and self._solution is not None:
            before[:, time - scored + 1 :] = self._fed_back(inputs)[:, :-1]
        states = np.empty((count, time, self._drawn.width), np.float32)
        for sequences, steps, part in self._drawn.drive(self._channels(inputs, before), 0):
            states[sequences, steps] = part.cpu().numpy()
        drawn = self._drawn.weights
        weights = {"recurrent": drawn.recurrent.toarray(), "input": drawn.into.T.copy(), "bias": drawn.offset.copy()}
        if self._solution is not None:
            readout = self._solution.weights.cpu().numpy()
            weights |= {"readout": readout[1:].T.copy(), "readout_bias": readout[0].copy()}
        return Snapshot(states=states, weights=weights)

    def keep(self) -> dict[str, NDArray[Any]]:
        """The drawn reservoir and the solved readout, as arrays.

        These are the parts of the sparse recurrent matrix (unit, unit), ``input`` (channel, unit), ``bias`` (unit,),
        and the solution of the readout.
        """
        drawn = self._drawn.weights
        sparse = {f"recurrent.{name}": getattr(drawn.recurrent, name) for name in _SPARSE}
        return {**sparse, "input": drawn.into, "bias": drawn.offset, **self._solved.kept()}

    def restore(self, kept: Mapping[str, NDArray[Any]]) -> None:
        """Use the arrays that ``keep`` returned: ``input`` (channel, unit), ``bias`` (unit,) and the others."""
        width = self._setting.width
        recurrent = csr_array(tuple(kept[f"recurrent.{name}"] for name in _SPARSE), (width, width))
        self._reservoir = self._make(Weights(recurrent=recurrent, into=kept["input"], offset=kept["bias"]))
        self._solution = Solution.of(kept, self._setting.device)

    @property
    def _drawn(self) -> Reservoir:
        if self._reservoir is None:
            raise RuntimeError("the learner is not fitted: call fit first")
        return self._reservoir

    @property
    def _solved(self) -> Solution:
        if self._solution is None:
            raise RuntimeError("the learner is not fitted: call fit first")
        return self._solution

    def generate(self, prefix: Array, steps: int) -> Array:
        """Map a prefix (sequence, time, feature) to the steps (sequence, steps, feature) that follow it.

        The state is carried on from step to step. Raises UnsupportedError where outputs cannot be the next inputs.
        """
        require_own_input(self._setting)
        before = prefix.copy()  # the output before a step equals the input at that step
        before[:, : prefix.shape[1] - self._setting.scored + 1] = 0  # as in the fit
        state, solution = self._through(prefix, before), self._solved
        made = np.empty((len(prefix), steps, self._setting.outputs), np.float32)
        for step in range(steps):
            output = solution.outputs(state.T)
            made[:, step] = output.cpu().numpy()
            state = self._drawn.step(state, torch.cat([output.T] * (2 if self._feedback else 1)))
        return made

    def _taught(self, split: Split, rng: np.random.Generator | None = None) -> Iterator[Block]:
        """The states at the scored steps after the washout, with the true outputs fed back."""
        time, scored = split.inputs.shape[1], split.scored
        if split.lengths is not None:
            yield from self._taught_to_ends(split, split.lengths, rng)
            return
        skipped = max(0, self._washout - (time - scored))
        inputs = split.inputs
        if self._feedback:
            before = np.zeros((len(split), time, split.targets.shape[2]), np.float32)
            before[:, time - scored + 1 :] = split.targets[:, :-1]
            inputs = self._channels(inputs, before)
        for sequences, steps, states in self._drawn.drive(inputs, time - scored + skipped, rng, self._noise):
            yield sequences, slice(steps.start + skipped, steps.stop + skipped), states

    def _taught_to_ends(self, split: Split, lengths: Lengths, rng: np.random.Generator | None) -> Iterator[Block]:
        """As ``_taught``, for sequences that differ in length."""
        scored = split.scored
        for sequences, steps, states in self._drawn.drive_to_ends(split.inputs, lengths, scored, rng, self._noise):
            kept = lengths[sequences] - scored + steps >= self._washout
            yield sequences[kept], steps[kept], states[torch.from_numpy(kept)]

    def _fed_back(self, inputs: Array) -> Array:
        """Outputs (sequence, scored, output) for inputs (sequence, time, feature), each fed back at the next step."""
        parts = [inputs[i : i + _CHUNK] for i in range(0, len(inputs), _CHUNK)]
        return np.concatenate([self._fed_back_chunk(part) for part in parts])

    def _fed_back_chunk(self, inputs: Array) -> Array:
        steps, outputs, solution = self._setting.scored, self._setting.outputs, self._solved
        warm_up, scored = inputs[:, :-steps], inputs[:, -steps:]
        state = self._through(warm_up, np.zeros((*warm_up.shape[:2], outputs), np.float32))
        made = np.empty((len(inputs), steps, outputs), np.float32)
        before = np.zeros((len(inputs), outputs), np.float32)
        for step in range(steps):
            channels = self._channels(scored[:, step], before)
            state = self._drawn.step(state, tensor(channels.T, self._setting.device))
            made[:, step] = solution.outputs(state.T).cpu().numpy()
            before = made[:, step]
        return made

    def _through(self, inputs: Array, before: Array) -> torch.Tensor:
        """The state (unit, sequence) after inputs (sequence, time, feature) and outputs ``before`` each step."""
        steps = tensor(self._channels(inputs, before).transpose(1, 2, 0), self._setting.device)
        return self._drawn.run(self._drawn.rest(len(inputs)), steps, keep=0)[0]

    def _channels(self, inputs: Array, before: Array) -> Array:
        return np.concatenate([inputs, before], axis=-1) if self._feedback else inputs
