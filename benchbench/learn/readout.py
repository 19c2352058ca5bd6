"""The linear readout: ridge regression whose strengths cost one decomposition, the strength chosen on validation.

Where classes are asked for, the regression is on one-hot targets, and its outputs become probabilities.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchbench.core.errors import DivergedError
from benchbench.core.meter import Meter
from benchbench.core.objective import Objective
from benchbench.core.problem import Array, Split
from benchbench.learn.choosing import Standing, chooses_by_loss, standing
from benchbench.learn.device import tensor
from benchbench.learn.probabilities import fit_temperature, probabilities

Block = tuple[Any, Any, Tensor]
"""Which sequences, which of the scored steps, and their features.

Two slices and features (sequence, step, feature), or two arrays of indexes side by side and features (row, feature).
"""
Solver = Literal["qr", "svd", "cholesky"]

STRENGTHS = tuple(10.0**k for k in range(-16, 3))
_REDUCED = 1024  # rows that wait until they are reduced together


@dataclass(frozen=True, kw_only=True)
class Solution:
    """Weights (1 + features, outputs) with the intercept first, the ridge strength a row, and the validation loss.

    With a ``temperature`` the predictions are probabilities of classes.
    """

    weights: Tensor
    strength: float
    loss: float
    temperature: float | None = None

    def kept(self) -> dict[str, NDArray[np.float64]]:
        """All of it as arrays, a temperature where it has one."""
        known = {"readout": self.weights.cpu().numpy(), "strength": self.strength, "loss": self.loss}
        known |= {} if self.temperature is None else {"temperature": self.temperature}
        return {name: np.array(value, np.float64) for name, value in known.items()}

    @classmethod
    def of(cls, kept: Mapping[str, NDArray[np.float64]], device: str) -> "Solution":
        """The solution that was kept."""
        return cls(
            weights=tensor(kept["readout"], device),
            strength=float(kept["strength"]),
            loss=float(kept["loss"]),
            temperature=float(kept["temperature"]) if "temperature" in kept else None,
        )

    def predict(self, features: Tensor) -> Tensor:
        """Map (..., features) to predictions (..., outputs)."""
        return self.answers(self.outputs(features))

    def outputs(self, features: Tensor) -> Tensor:
        """Map (..., features) to (..., outputs), in float64: with weak ridges large weights cancel."""
        return features.double() @ self.weights[1:] + self.weights[0]

    def answers(self, outputs: Tensor) -> Tensor:
        """Outputs as predictions: probabilities where there is a temperature."""
        return outputs if self.temperature is None else probabilities(outputs, self.temperature)


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
    """The ridge solution whose strength has the lowest squared error on ``valid``."""
    candidates = train.path(strengths)
    errors = valid.errors([weights for _, weights in candidates])
    best = int(np.argmin(errors))
    strength, weights = candidates[best]
    return Solution(weights=weights, strength=strength, loss=errors[best])


def best_of(
    candidates: Sequence[tuple[float, Tensor]], blocks: Iterator[Block], valid: Split, objective: Objective
) -> Solution:
    """The one of (strength, weights) whose predictions of ``valid`` stand best; ``blocks`` are its features.

    Each candidate has the temperature that suits it best on ``valid``, where classes are asked for. Its outputs are
    held for all candidates, in float32, and its features are not.
    """
    stacked = torch.stack([weights for _, weights in candidates])
    made = np.empty((len(candidates), *valid.targets.shape), np.float32)
    seen = np.zeros(valid.targets.shape[:2], dtype=bool)
    for sequences, steps, features in blocks:
        outputs = torch.einsum("...f,cfo->c...o", features.double(), stacked[:, 1:])
        offset = stacked[:, 0].reshape(len(stacked), *[1] * (features.dim() - 1), -1)
        made[:, sequences, steps] = (outputs + offset).float().cpu().numpy()
        seen[sequences, steps] = True
    targets = valid.targets
    if not seen.all():  # a washout leaves steps out
        targets, made = targets[seen][:, None], made[:, seen][:, :, None]
    ranked = [_ranked(outputs, targets, objective) for outputs in made]
    best = min(range(len(ranked)), key=lambda i: ranked[i][0])
    (strength, weights), (place, temperature) = candidates[best], ranked[best]
    return Solution(weights=weights, strength=strength, loss=place.loss, temperature=temperature)


def _ranked(outputs: Array, targets: Array, objective: Objective) -> tuple[Standing, float | None]:
    if not objective.classifies:
        return standing(objective, targets, outputs), None
    temperature = fit_temperature(outputs, targets) if np.isfinite(outputs).all() else 1.0
    predictions = probabilities(torch.from_numpy(outputs), temperature).float().numpy()
    return standing(objective, targets, predictions), temperature


def fit_readout(
    features: Callable[[Split], Iterator[Block]],
    train: Split,
    valid: Split,
    meter: Meter,
    *,
    objective: Objective,
    chunk: int,
    device: str = "cpu",
    solver: Solver = "qr",
    clean: Callable[[Split], Iterator[Block]] | None = None,
) -> Solution:
    """Take in ``train``, ``chunk`` sequences an update, and solve from what the meter allowed.

    The solution is the one that stands best on ``valid`` by the objective; noting its loss is left to the caller.
    ``clean`` are the features for ``valid``, where they are others. ValueError where no row was taken in.
    """
    clean = clean or features
    seen = _last(take_in(features, _allowed(train, chunk, meter.spend), device, solver))
    if objective.loss == "squared_error" and chooses_by_loss(objective):
        with meter.paused():
            held_out = _last(take_in(clean, _allowed(valid, chunk, lambda: True), device, solver))
        return solve(seen, held_out)
    candidates = seen.path()
    with meter.paused():
        return best_of(candidates, clean(valid), valid, objective)


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
            rows.add(wide.flatten(0, -2), targets.flatten(0, -2))
        if rows is not None:
            yield rows


def _last(taken: Iterator[Rows]) -> Rows:
    last = deque(taken, maxlen=1)
    if not last:
        raise ValueError("no row was taken in: the budget ended before the first sequences, or a washout left none")
    return last[0]


def _allowed(split: Split, chunk: int, allowed: Callable[[], bool]) -> Iterator[Split]:
    """``split`` in chunks, each asked for before it is taken in."""
    for i in range(0, len(split), chunk):
        if not allowed():
            return
        part = slice(i, i + chunk)
        lengths = None if split.lengths is None else split.lengths[part]
        yield Split(inputs=split.inputs[part], targets=split.targets[part], lengths=lengths)
