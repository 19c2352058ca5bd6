"""The linear readout: ridge regression from a running QR decomposition, the strength chosen on validation."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Split
from benchbench.learn.device import tensor

Features = Callable[[Array], Tensor]

STRENGTHS = tuple(10.0**k for k in range(-12, 3))


@dataclass(frozen=True, kw_only=True)
class Solution:
    """Weights (1 + features, outputs) with the intercept first, the ridge strength a row, and its validation MSE."""

    weights: Tensor
    strength: float
    valid_mse: float

    def predict(self, features: Tensor) -> Tensor:
        """Map (..., features) to (..., outputs)."""
        weights = self.weights.to(features.dtype)
        return features @ weights[1:] + weights[0]


class Rows:
    """All rows seen so far of [1 | features | targets], kept as the triangular factor of their QR decomposition.

    Memory does not grow with the rows, and nothing is squared: unlike the normal equations, small singular values
    survive. float64 throughout. Chan 1982 (block QR updates); Hansen 1998, ch. 4 (ridge from the SVD).
    """

    def __init__(self, features: int, outputs: int, device: str = "cpu") -> None:
        self.features, self.outputs = features, outputs
        self.count = 0
        self._factor = torch.zeros(0, 1 + features + outputs, dtype=torch.float64, device=device)

    def add(self, features: Tensor, targets: Tensor) -> None:
        """Take in features (row, features) and targets (row, outputs) of any float type."""
        ones = torch.ones(len(features), 1, dtype=torch.float64, device=self._factor.device)
        block = torch.cat([ones, features.double(), targets.double()], dim=1)
        self._factor = torch.linalg.qr(torch.cat([self._factor, block]), mode="r").R
        self.count += len(features)

    def mse(self, weights: Tensor) -> float:
        """Mean squared error of ``weights`` (1 + features, outputs) over all rows."""
        residual = self._factor[:, : 1 + self.features] @ weights - self._factor[:, 1 + self.features :]
        return float(residual.square().sum() / (self.count * self.outputs))

    def path(self, strengths: tuple[float, ...] = STRENGTHS) -> list[tuple[float, Tensor]]:
        """The ridge solution of each strength (a row; the intercept is free) from one SVD."""
        split = 1 + self.features
        # With the ones first, what lies below the first row is the factor of the centred data.
        top, centred = self._factor[0], self._factor[1:]
        left, values, right = torch.linalg.svd(centred[:, 1:split], full_matrices=False)
        rotated = left.T @ centred[:, split:]
        solutions = []
        for strength in strengths:
            shrunk = values / (values.square() + strength * self.count)
            slopes = right.T @ (torch.nan_to_num(shrunk)[:, None] * rotated)
            intercept = (top[split:] - top[1:split] @ slopes) / top[0]
            solutions.append((strength, torch.cat([intercept[None], slopes])))
        return solutions


def solve(train: Rows, valid: Rows, strengths: tuple[float, ...] = STRENGTHS) -> Solution:
    """The ridge solution whose strength is best on ``valid``."""
    scored = [(valid.mse(weights), strength, weights) for strength, weights in train.path(strengths)]
    mse, strength, weights = min(scored, key=lambda item: item[0])
    return Solution(weights=weights, strength=strength, valid_mse=mse)


def fit_readout(
    features: Features, train: Split, valid: Split, meter: Meter, *, chunk: int, device: str = "cpu"
) -> Solution:
    """Take in ``train``, ``chunk`` sequences an update, and solve from what the meter allowed; note the error.

    ``features`` maps inputs (sequence, time, feature) to (sequence, scored, width). ValueError where the budget ended
    before the first chunk.
    """
    seen = _rows(features, train, chunk, device, meter.spend)
    with meter.paused():
        held_out = _rows(features, valid, chunk, device, lambda: True)
    solution = solve(seen, held_out)
    meter.note(solution.valid_mse)
    return solution


def predict_readout(solution: Solution, features: Features, inputs: Array, *, chunk: int) -> Array:
    """Predictions (sequence, scored, output) of inputs (sequence, time, feature), ``chunk`` sequences at a time."""
    parts = [solution.predict(features(inputs[i : i + chunk])) for i in range(0, len(inputs), chunk)]
    predictions: Array = torch.cat(parts).float().cpu().numpy()
    return predictions


def _rows(features: Features, split: Split, chunk: int, device: str, allowed: Callable[[], bool]) -> Rows:
    rows = None
    for i in range(0, len(split), chunk):
        if not allowed():
            break
        wide, targets = features(split.inputs[i : i + chunk]), tensor(split.targets[i : i + chunk], device)
        rows = rows or Rows(wide.shape[-1], targets.shape[-1], device)
        rows.add(wide.flatten(0, 1), targets.flatten(0, 1))
    if rows is None:
        raise ValueError("the budget ended before the first sequences were taken in")
    return rows
