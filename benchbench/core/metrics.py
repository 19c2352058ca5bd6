"""Scores of a prediction; scikit-learn does the arithmetic."""

import numpy as np
from sklearn.metrics import mean_squared_error, r2_score

from benchbench.core.problem import Array


def mse(targets: Array, predictions: Array) -> float:
    """Mean squared error over all sequences, scored steps and outputs; shapes must be equal."""
    _same_shape(targets, predictions)
    return float(mean_squared_error(_column(targets), _column(predictions)))


def scores(targets: Array, predictions: Array) -> dict[str, float | None]:
    """MSE, RMSE, NRMSE (RMSE / standard deviation of the targets) and R2, all steps and outputs pooled.

    NRMSE and R2 are None where the targets are constant.
    """
    error = mse(targets, predictions)
    deviation = float(np.std(targets, dtype=np.float64))
    constant = bool(np.ptp(targets) == 0)  # the deviation of equal numbers is not always exactly zero
    return {
        "mse": error,
        "rmse": error**0.5,
        "nrmse": None if constant else error**0.5 / deviation,
        "r2": None if constant else float(r2_score(_column(targets), _column(predictions))),
    }


def _column(array: Array) -> np.ndarray:
    return np.asarray(array, dtype=np.float64).reshape(-1)


def _same_shape(targets: Array, predictions: Array) -> None:
    if targets.shape != predictions.shape:
        raise ValueError(f"predictions have shape {predictions.shape}, targets {targets.shape}")
