"""The linear readout: ridge regression whose strengths cost one decomposition, the strength chosen on validation."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from benchbench.core.errors import DivergedError
from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Split
from benchbench.learn.device import tensor

Block = tuple[slice, slice, Tensor]
"""Which sequences, which of the scored steps, and their features (sequence, step, feature)."""
Solver = Literal["qr", "svd", "cholesky"]

STRENGTHS = tuple(10.0**k for k in range(-16, 3))
_REDUCED = 1024  # rows that wait until they are reduced together


@dataclass(frozen=True, kw_only=True)
class Solution:
    """Weights (1 + features, outputs) with the intercept first, the ridge strength a row, and its validation MSE."""

    weights: Tensor
    strength: float
    valid_mse: float

    def predict(self, features: Tensor) -> Tensor:
        """Map (..., features) to (..., outputs), in float64: with weak ridges large weights cancel."""
        return features.double() @ self.weights[1:] + self.weights[0]


class Rows:
    """All rows seen so far of [1 | features | targets], kept as the triangular factor of their QR decomposition.

    Memory does not grow with the rows, and nothing is squared: unlike in the normal equations, small singular values
    survive. float64 throughout. Chan 1982 (block QR updates); Hansen 1998, ch. 4 (ridge from the SVD).
    """

    def __init__(self, features: int, outputs: int, device: str = "cpu") -> None:
        self.features, self.outputs = features, outputs
        self.count = 0
        columns = 1 + features + outputs
        self._held = torch.empty(self._room(columns), columns, dtype=torch.float64, device=device)
        self._used = 0

    def add(self, features: Tensor, targets: Tensor) -> None:
        """Take in features (row, features) and targets (row, outputs) of any float type."""
        self.count += len(features)
        while len(features):
            taken = min(len(features), self._free())
            rows = self._held[self._used : self._used + taken]
            rows[:, 0], rows[:, 1 : 1 + self.features], rows[:, 1 + self.features :] = (
                1,
                features[:taken],
                targets[:taken],
            )
            self._used += taken
            features, targets = features[taken:], targets[taken:]

    def factor(self) -> Tensor:
        """A matrix R, upper triangular, with RᵀR = [1 | X | Y]ᵀ [1 | X | Y]."""
        factor: Tensor = torch.linalg.qr(self._held[: self._used], mode="r").R
        return factor

    @staticmethod
    def _room(columns: int) -> int:
        return columns + max(_REDUCED, 2 * columns)

    def _free(self) -> int:
        """How many rows there is room for, at least one: a full store is reduced to its factor."""
        if self._used == len(self._held):
            factor = self.factor()
            self._used = len(factor)
            self._held[: self._used] = factor
        return len(self._held) - self._used

    def errors(self, candidates: Sequence[Tensor]) -> list[float]:
        """Mean squared error over all rows of each of the weights (1 + features, outputs)."""
        factor = self.factor()
        inputs, targets = factor[:, : 1 + self.features], factor[:, 1 + self.features :]
        numbers = self.count * self.outputs
        return [float((inputs @ weights - targets).square().sum() / numbers) for weights in candidates]

    def path(self, strengths: tuple[float, ...] = STRENGTHS) -> list[tuple[float, Tensor]]:
        """The ridge solution of each strength (a row; the intercept is free) from one SVD."""
        split = 1 + self.features
        # With the ones first, what lies below the first row is the factor of the centred data.
        factor = self.factor()
        top, centred = factor[0], factor[1:]
        left, values, right = torch.linalg.svd(centred[:, 1:split], full_matrices=False)
        rotated = left.T @ centred[:, split:]
        solutions = []
        for strength in strengths:
            shrunk = values / (values.square() + strength * self.count)
            slopes = right.T @ (torch.nan_to_num(shrunk)[:, None] * rotated)
            intercept = (top[split:] - top[1:split] @ slopes) / top[0]
            solutions.append((strength, torch.cat([intercept[None], slopes])))
        return solutions


class Sums(Rows):
    """As Rows, from the normal equations: sums alone are kept, and squared, so that half of the digits go.

    Their Cholesky factor takes the place of that of the QR decomposition.
    """

    _sums: Tensor | float = 0.0

    def factor(self) -> Tensor:
        """The Cholesky factor of the sums; what rounding has made indefinite is lifted by as little as will do."""
        self._sum()
        sums, lift = torch.as_tensor(self._sums), torch.finfo(torch.float64).eps
        eye = torch.eye(len(sums), dtype=sums.dtype, device=sums.device) * sums.diagonal().mean()
        while lift < 1:
            made, failed = torch.linalg.cholesky_ex(sums + lift * eye, upper=True)
            if not failed:
                factor: Tensor = made
                return factor
            lift *= 10
        raise DivergedError("the sums of the readout are not finite")

    def _free(self) -> int:
        if self._used == len(self._held):
            self._sum()
        return len(self._held) - self._used

    def _sum(self) -> None:
        rows = self._held[: self._used]
        self._sums = self._sums + rows.T @ rows
        self._used = 0


class Whole(Rows):
    """As Rows, with all rows kept and decomposed at once, as LAPACK's SVD of a tall matrix does: memory grows."""

    def _free(self) -> int:
        if self._used == len(self._held):
            self._held = torch.cat([self._held, torch.empty_like(self._held)])
        return len(self._held) - self._used


_ROWS: dict[Solver, type[Rows]] = {"qr": Rows, "svd": Whole, "cholesky": Sums}


def solve(train: Rows, valid: Rows, strengths: tuple[float, ...] = STRENGTHS) -> Solution:
    """The ridge solution whose strength is best on ``valid``."""
    candidates = train.path(strengths)
    errors = valid.errors([weights for _, weights in candidates])
    best = int(np.argmin(errors))
    strength, weights = candidates[best]
    return Solution(weights=weights, strength=strength, valid_mse=errors[best])


def fit_readout(
    features: Callable[[Split], Iterator[Block]],
    train: Split,
    valid: Split,
    meter: Meter,
    *,
    chunk: int,
    device: str = "cpu",
    solver: Solver = "qr",
    clean: Callable[[Split], Iterator[Block]] | None = None,
) -> Solution:
    """Take in ``train``, ``chunk`` sequences an update, and solve from what the meter allowed; note the error.

    ``clean`` are the features for ``valid``, where they are others. ValueError where the budget ended before the first
    chunk.
    """
    seen = _last(take_in(features, _allowed(train, chunk, meter.spend), device, solver))
    with meter.paused():
        held_out = _last(take_in(clean or features, _allowed(valid, chunk, lambda: True), device, solver))
    solution = solve(seen, held_out)
    meter.note(solution.valid_mse)
    return solution


def predict_readout(solution: Solution, blocks: Iterator[Block], shape: tuple[int, ...]) -> Array:
    """Predictions of ``shape`` (sequence, scored, output) from the blocks of features that make them up."""
    predictions = np.empty(shape, np.float32)
    for sequences, steps, features in blocks:
        predictions[sequences, steps] = solution.predict(features).float().cpu().numpy()
    return predictions


def take_in(
    features: Callable[[Split], Iterator[Block]], parts: Iterable[Split], device: str, solver: Solver
) -> Iterator[Rows]:
    """All rows so far, after each of ``parts``."""
    rows = None
    for part in parts:
        for sequences, steps, wide in features(part):
            targets = tensor(part.targets[sequences, steps], device)
            rows = rows or _ROWS[solver](wide.shape[-1], targets.shape[-1], device)
            rows.add(wide.flatten(0, 1), targets.flatten(0, 1))
        if rows is not None:
            yield rows


def _last(taken: Iterator[Rows]) -> Rows:
    last = deque(taken, maxlen=1)
    if not last:
        raise ValueError("the budget ended before the first sequences were taken in")
    return last[0]


def _allowed(split: Split, chunk: int, allowed: Callable[[], bool]) -> Iterator[Split]:
    """``split`` in chunks, each asked for before it is taken in."""
    for i in range(0, len(split), chunk):
        if not allowed():
            return
        yield Split(inputs=split.inputs[i : i + chunk], targets=split.targets[i : i + chunk])
