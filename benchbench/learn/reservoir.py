"""Reservoirs: random recurrent weights, and many sequences driven through them as one batch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import ArpackError, eigs
from torch import Tensor

from benchbench.learn.device import tensor
from benchbench.learn.sequences import Lengths, blanked

Topology = Literal["random", "ring", "orthogonal"]
Precision = Literal["float32", "float64"]

_SMALL = 100  # units up to which all eigenvalues are computed
_DENSE = 0.25  # share of all possible links from which on the dense product is faster
_LANES = 128  # sequences that are driven at once: their state fits a core's cache
_BLOCK = 2**18  # numbers of states that are held at once: few compared with those that the readout needs


@dataclass(frozen=True, kw_only=True)
class Weights:
    """The weights of a reservoir: ``recurrent`` (unit, unit), ``into`` (channel, unit) and ``offset`` (unit,)."""

    recurrent: csr_array
    into: NDArray[np.floating]
    offset: NDArray[np.floating]


def links(width: int, topology: Topology, per_unit: int, density: float | None) -> int:
    """The number of recurrent links of a reservoir."""
    if topology == "random":
        return width * min(width, per_unit) if density is None else min(width**2, max(width, round(density * width**2)))
    return width if topology == "ring" else width**2


def draw(rng: np.random.Generator, width: int, topology: Topology, per_unit: int, density: float | None) -> csr_array:
    """Draw a recurrent matrix (unit, unit) of spectral radius 1.

    The topology "random" has ``per_unit`` links into each unit, or the share ``density`` of all links, with weights
    uniform in -1..1; a random matrix without a cycle, whose radius is 0, is drawn again. "ring" links the units in one
    circle (Rodan & Tino 2011, IEEE TNN 22:131). "orthogonal" is uniform over all orthogonal matrices (Haar measure).
    """
    if topology == "ring":
        return csr_array((np.ones(width), ((np.arange(width) + 1) % width, np.arange(width))), (width, width))
    if topology == "orthogonal":
        q, r = np.linalg.qr(rng.standard_normal((width, width)))
        return csr_array(q * np.sign(np.diag(r)))
    count = links(width, topology, per_unit, density)
    while True:
        if density is None:
            source = np.concatenate([rng.choice(width, count // width, replace=False) for _ in range(width)])
            unit = np.repeat(np.arange(width), count // width)
        else:
            unit, source = np.divmod(rng.choice(width**2, count, replace=False), width)
        matrix = csr_array((rng.uniform(-1, 1, count), (unit, source)), (width, width))
        radius = spectral_radius(matrix)
        if radius > 1e-6:
            return csr_array(matrix / radius)


def spectral_radius(matrix: csr_array) -> float:
    """The largest modulus of the eigenvalues of a matrix (unit, unit), by ARPACK where it is large and sparse."""
    width = matrix.shape[0]
    if width > _SMALL and matrix.nnz < _DENSE * width**2:
        try:
            found = eigs(matrix, k=6, v0=np.ones(width), return_eigenvectors=False)
            return float(np.abs(found).max())
        except ArpackError:  # such as for eigenvalues of almost the same modulus: compute all of them
            pass
    return float(np.abs(np.linalg.eigvals(matrix.toarray())).max())


class Reservoir:
    """A leaky reservoir, x <- (1 - leak) x + leak tanh(W x + V u + b + noise), for many sequences at once.

    Jaeger et al. 2007, Neural Networks 20. On the CPU, a sparse W is advanced by the compiled step; a dense W, and any
    W on another device, by one matrix product for each step.
    """

    def __init__(self, weights: Weights, leak: float, device: str, precision: Precision) -> None:
        self.width, self._leak, self._device = len(weights.offset), leak, device
        self._number = np.dtype(precision)
        matrix = weights.recurrent
        self._sparse = device == "cpu" and matrix.nnz < _DENSE * self.width**2
        if self._sparse:
            ordered = matrix.sorted_indices().astype(self._number)
            index = (ordered.indptr.astype(np.uint32), ordered.indices.astype(np.uint32))
            self._rows = (*index, ordered.data, weights.into.astype(self._number), weights.offset.astype(self._number))
        else:
            self._dense, self._into, self._offset = (
                tensor(array.astype(self._number), device)
                for array in (matrix.toarray(), weights.into.T, weights.offset[:, None])
            )

    @property
    def kernel(self) -> str:
        """The name of the code that advances the states."""
        return "numba step" if self._sparse else "dense products"

    @property
    def weights(self) -> Weights:
        """The weights in use, in the precision of the states."""
        if self._sparse:
            first, source, weight, into, offset = self._rows
            recurrent = csr_array((weight, source, first), (self.width, self.width))
            return Weights(recurrent=recurrent, into=into, offset=offset)
        dense, into, offset = (part.cpu().numpy() for part in (self._dense, self._into, self._offset))
        return Weights(recurrent=csr_array(dense), into=into.T, offset=offset[:, 0])

    @property
    def _lanes(self) -> int:
        """The number of sequences that are driven at once."""
        return _LANES if self._sparse else 4 * _LANES

    def rest(self, sequences: int) -> Tensor:
        """The zero state: (unit, sequence)."""
        return torch.zeros(self.width, sequences, dtype=_torch(self._number), device=self._device)

    def step(self, state: Tensor, inputs: Tensor) -> Tensor:
        """Advance a state (unit, sequence) by one step with inputs (channel, sequence)."""
        return self.run(state, inputs[None], keep=0)[0]

    def run(
        self, state: Tensor, inputs: Tensor, *, keep: int, noise: NDArray[np.float64] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Drive the reservoir with inputs (time, channel, sequence) from a state (unit, sequence).

        Returns the state at the end, and the last ``keep`` states (keep, unit, sequence). ``noise`` (time, unit,
        sequence) is added to the argument of the tanh.
        """
        inputs = inputs.to(state.dtype)
        if self._sparse:
            return self._compiled(state, inputs, keep, noise)
        kept = []
        for t, step in enumerate(inputs):
            drive = torch.addmm(torch.addmm(self._offset, self._into, step), self._dense, state)
            if noise is not None:
                drive += tensor(noise[t].astype(self._number), self._device)
            state = torch.lerp(state, drive.tanh_(), self._leak)
            if t >= len(inputs) - keep:
                kept.append(state)
        return state, torch.stack(kept) if kept else state.new_empty(0, *state.shape)

    def _compiled(
        self, state: Tensor, inputs: Tensor, keep: int, noise: NDArray[np.float64] | None
    ) -> tuple[Tensor, Tensor]:
        from benchbench.learn import reservoir_step

        sequences = state.shape[1]
        both = np.stack([state.numpy(), np.empty_like(state.numpy())])
        kept = np.empty((keep, *state.shape), self._number)
        added = np.empty((0, *state.shape), self._number) if noise is None else noise.astype(self._number)
        steps = reservoir_step.steps_of_one if sequences == 1 else reservoir_step.steps
        steps(both, inputs.contiguous().numpy(), self._rows, added, self._number.type(self._leak), kept)
        return torch.from_numpy(both[0]), torch.from_numpy(kept)

    def drive(
        self, inputs: NDArray[np.float32], first: int, rng: np.random.Generator | None = None, noise: float = 0.0
    ) -> Iterator[tuple[slice, slice, Tensor]]:
        """Drive sequences (sequence, time, channel) from the zero state, and yield their states from step ``first`` on.

        Yields pieces of slices of sequences and of steps (counted from ``first``) and their states (sequence, step,
        unit), so that memory does not grow with the length. ``rng`` draws noise that is uniform in -``noise``..
        ``noise``. Raises ValueError for inputs that are not finite, since the compiled step relies on finite numbers.
        """
        if not np.isfinite(inputs).all():
            raise ValueError("the inputs hold values that are not finite; give finite numbers")
        for start in range(0, len(inputs), self._lanes):
            sequences = slice(start, min(start + self._lanes, len(inputs)))
            steps = tensor(inputs[sequences].transpose(1, 2, 0), self._device)
            state = self.rest(steps.shape[2])
            stride = max(1, _BLOCK // state.numel())
            for at in range(0, len(steps), stride):
                part = steps[at : at + stride]
                keep = min(len(part), max(0, at + len(part) - first))
                drawn = None if rng is None or not noise else rng.uniform(-noise, noise, (len(part), *state.shape))
                state, kept = self.run(state, part, keep=keep, noise=drawn)
                if keep:
                    stop = at + len(part) - first
                    yield sequences, slice(stop - keep, stop), kept.permute(2, 0, 1)

    def drive_to_ends(
        self,
        inputs: NDArray[np.float32],
        lengths: Lengths,
        scored: int,
        rng: np.random.Generator | None = None,
        noise: float = 0.0,
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], Tensor]]:
        """As ``drive``, for sequences (sequence, time, channel) that differ in length, with lengths (sequence,).

        Yields the states (row, unit) at the last ``scored`` steps before the ends, with the index (row,) of each row's
        sequence and of its scored step (the first is 0). Sequences of similar length are driven together, so that
        little padding is.
        """
        order = np.argsort(lengths, kind="stable")
        for start in range(0, len(order), self._lanes):
            group = order[start : start + self._lanes]
            ends = lengths[group].astype(np.intp)
            first = int(ends[0]) - scored
            for _, steps, states in self.drive(blanked(inputs[group, : ends[-1]], ends), first, rng, noise):
                place = first + np.arange(steps.start, steps.stop) - (ends - scored)[:, None]  # among the scored steps
                row, step = np.nonzero((place >= 0) & (place < scored))
                if len(row):
                    yield group[row], place[row, step], states[torch.from_numpy(row), torch.from_numpy(step)]


def _torch(number: "np.dtype[np.floating]") -> torch.dtype:
    return torch.float32 if number == np.float32 else torch.float64
