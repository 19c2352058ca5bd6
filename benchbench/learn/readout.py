"""The linear readout: ridge regression, with one decomposition for all strengths, of which validation chooses one.

Where classes are asked for, the regression is on one-hot targets, and a softmax turns its outputs into probabilities.
"""

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
"""A part of the features of a split: which sequences, which of the scored steps, and the features there.

It holds two slices and features (sequence, step, feature), or two arrays of indexes (row,) and features (row, feature).
"""
Solver = Literal["qr", "svd", "cholesky"]

STRENGTHS = tuple(10.0**k for k in range(-16, 3))
_REDUCED = 1024  # rows that are gathered before they are reduced together


@dataclass(frozen=True, kw_only=True)
class Solution:
    """A fitted readout: weights (1 + features, outputs) with the intercept first.

    ``strength`` is that of the ridge penalty for each row, ``loss`` the loss on validation. With a ``temperature``,
    predictions are probabilities of classes.
    """

    weights: Tensor
    strength: float
    loss: float
    temperature: float | None = None

    def kept(self) -> dict[str, NDArray[np.float64]]:
        """All of it as arrays: ``readout`` (1 + features, outputs), and single numbers."""
        known = {"readout": self.weights.cpu().numpy(), "strength": self.strength, "loss": self.loss}
        known |= {} if self.temperature is None else {"temperature": self.temperature}
        return {name: np.array(value, np.float64) for name, value in known.items()}

    @classmethod
    def of(cls, kept: Mapping[str, NDArray[np.float64]], device: str) -> "Solution":
        """The solution of which ``kept`` gave ``readout`` (1 + features, outputs) and single numbers."""
        return cls(
            weights=tensor(kept["readout"], device),
            strength=float(kept["strength"]),
            loss=float(kept["loss"]),
            temperature=float(kept["temperature"]) if "temperature" in kept else None,
        )

    def predict(self, features: Tensor) -> Tensor:
        """Map features (..., feature) to predictions (..., output)."""
        return self.predictions_of(self.outputs(features))

    def outputs(self, features: Tensor) -> Tensor:
        """Map features (..., feature) to outputs (..., output), in float64, since a weak ridge leaves large weights."""
        return features.double() @ self.weights[1:] + self.weights[0]

    def predictions_of(self, outputs: Tensor) -> Tensor:
        """Convert outputs (..., output) to predictions: probabilities where there is a temperature."""
        return outputs if self.temperature is None else probabilities(outputs, self.temperature)


class Rows:
    """The rows [1 | features | targets] seen so far, kept as the triangular factor of their QR decomposition.

    Memory does not grow with the number of rows. Nothing is squared, so that small singular values survive, unlike in
    the normal equations. All numbers are float64. Chan 1982 (block QR updates); Hansen 1998, ch. 4 (ridge from the
    SVD).
    """

    def __init__(self, features: int, outputs: int, device: str = "cpu") -> None:
        self.features, self.outputs = features, outputs
        self.count = 0
        columns = 1 + features + outputs
        self._held = torch.empty(self._room(columns), columns, dtype=torch.float64, device=device)
        self._used = 0

    def add(self, features: Tensor, targets: Tensor) -> None:
        """Add rows of features (row, feature) and targets (row, output) of any float type."""
        self.count += len(features)
        while len(features):
            taken = min(len(features), self._free())
            rows = self._held[self._used : self._used + taken]
            rows[:, 0] = 1
            rows[:, 1 : 1 + self.features] = features[:taken]
            rows[:, 1 + self.features :] = targets[:taken]
            self._used += taken
            features, targets = features[taken:], targets[taken:]

    def factor(self) -> Tensor:
        """An upper triangular matrix R (column, column) with RᵀR = [1 | X | Y]ᵀ [1 | X | Y]."""
        factor: Tensor = torch.linalg.qr(self._held[: self._used], mode="r").R
        return factor

    @staticmethod
    def _room(columns: int) -> int:
        return columns + max(_REDUCED, 2 * columns)

    def _free(self) -> int:
        """The number of rows that can be added, at least one; a full store is reduced to its factor first."""
        if self._used == len(self._held):
            factor = self.factor()
            self._used = len(factor)
            self._held[: self._used] = factor
        return len(self._held) - self._used

    def errors(self, candidates: Sequence[Tensor]) -> list[float]:
        """The mean squared error over all rows for each candidate's weights (1 + features, outputs)."""
        factor = self.factor()
        inputs, targets = factor[:, : 1 + self.features], factor[:, 1 + self.features :]
        numbers = self.count * self.outputs
        return [float((inputs @ weights - targets).square().sum() / numbers) for weights in candidates]

    def path(self, strengths: tuple[float, ...] = STRENGTHS) -> list[tuple[float, Tensor]]:
        """The ridge solutions of all strengths, from one SVD: pairs of strength and weights (1 + features, outputs).

        A strength is the penalty for each row; the intercept is not penalised.
        """
        split = 1 + self.features
        # Since the column of ones comes first, the rows below the first are the factor of the centred data.
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


class NormalEquations(Rows):
    """Rows kept as the sums of the normal equations, which are squares, so that half of the digits are lost.

    Their Cholesky factor takes the place of the factor of the QR decomposition.
    """

    _sums: Tensor | float = 0.0

    def factor(self) -> Tensor:
        """The Cholesky factor R (column, column) of the sums.

        Where rounding has made the sums indefinite, the smallest sufficient multiple of the identity is added. Raises
        DivergedError where the sums are not finite.
        """
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


class AllRows(Rows):
    """Rows that are all kept and decomposed at once, so that memory grows with their number."""

    def _free(self) -> int:
        if self._used == len(self._held):
            self._held = torch.cat([self._held, torch.empty_like(self._held)])
        return len(self._held) - self._used


_ROWS: dict[Solver, type[Rows]] = {"qr": Rows, "svd": AllRows, "cholesky": NormalEquations}


def solve(train: Rows, valid: Rows, strengths: tuple[float, ...] = STRENGTHS) -> Solution:
    """The ridge solution whose strength gives the lowest squared error on ``valid``."""
    candidates = train.path(strengths)
    errors = valid.errors([weights for _, weights in candidates])
    best = int(np.argmin(errors))
    strength, weights = candidates[best]
    return Solution(weights=weights, strength=strength, loss=errors[best])


def best_of(
    candidates: Sequence[tuple[float, Tensor]], blocks: Iterator[Block], valid: Split, objective: Objective
) -> Solution:
    """The candidate, a pair of strength and weights (1 + features, outputs), with the best predictions of ``valid``.

    ``blocks`` has the features of ``valid``. Where classes are asked for, each candidate gets the temperature that is
    best on ``valid``. The outputs of all candidates are held in memory, in float32, but not the features.
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
    if not seen.all():  # a washout leaves steps without features
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
    """Fit a readout on ``train``, ``chunk`` sequences in each update, as far as the meter allows.

    ``features`` yields blocks with features (sequence, step, feature) or (row, feature) of a split; ``clean`` does so
    for ``valid`` where its features differ, such as by lacking noise. The solution is the one that is best on ``valid``
    by the objective; the caller notes its loss. Raises ValueError where no row was taken in.
    """
    clean = clean or features
    seen = _last(rows_after_each(features, _allowed(train, chunk, meter.spend), device, solver))
    if objective.loss == "squared_error" and chooses_by_loss(objective):
        with meter.paused():
            held_out = _last(rows_after_each(clean, _allowed(valid, chunk, lambda: True), device, solver))
        return solve(seen, held_out)
    candidates = seen.path()
    with meter.paused():
        return best_of(candidates, clean(valid), valid, objective)


def predict_readout(solution: Solution, blocks: Iterator[Block], shape: tuple[int, ...]) -> Array:
    """Predictions of ``shape``, (sequence, scored, output), from blocks of features that cover them."""
    predictions = np.empty(shape, np.float32)
    for sequences, steps, features in blocks:
        predictions[sequences, steps] = solution.predict(features).float().cpu().numpy()
    return predictions


def rows_after_each(
    features: Callable[[Split], Iterator[Block]], parts: Iterable[Split], device: str, solver: Solver
) -> Iterator[Rows]:
    """Add the features of each of ``parts`` to the rows, and yield all rows so far after each part.

    ``features`` yields blocks with features (sequence, step, feature) or (row, feature) of a split.
    """
    rows = None
    for part in parts:
        for sequences, steps, wide in features(part):
            targets = tensor(part.targets[sequences, steps], device)
            rows = rows or _ROWS[solver](wide.shape[-1], targets.shape[-1], device)
            rows.add(wide.flatten(0, -2), targets.flatten(0, -2))
        if rows is not None:
            yield rows


def _last(taken: Iterator[Rows]) -> Rows:
    rows = None
    for so_far in taken:
        rows = so_far
    if rows is None:
        raise ValueError("no row was taken in: the budget ended before the first sequences, or a washout left none")
    return rows


def _allowed(split: Split, chunk: int, allowed: Callable[[], bool]) -> Iterator[Split]:
    """Parts of ``split`` of ``chunk`` sequences each, for as long as ``allowed`` returns True."""
    for i in range(0, len(split), chunk):
        if not allowed():
            return
        part = slice(i, i + chunk)
        lengths = None if split.lengths is None else split.lengths[part]
        yield Split(inputs=split.inputs[part], targets=split.targets[part], lengths=lengths)
