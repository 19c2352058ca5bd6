"""Probabilities of classes from the outputs of a linear readout, by a softmax with one temperature."""

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from torch import Tensor

from benchbench.core.problem import Array

_COLDEST, _HOTTEST = 1e-2, 1e2


def probabilities(outputs: Tensor, temperature: float) -> Tensor:
    """Probabilities (..., class): the softmax, in float64, of outputs (..., class) divided by the temperature."""
    return torch.softmax(outputs.double() / temperature, dim=-1)


def fit_temperature(outputs: Array, targets: Array) -> float:
    """The temperature, 0.01 to 100, at which the probabilities have the lowest log loss.

    ``outputs`` (..., class) are those of a readout, ``targets`` (..., class) are one-hot. Guo et al. 2017,
    arXiv:1706.04599. The log loss is convex in the inverse temperature, so that it has a single minimum.
    """
    scores = outputs.reshape(-1, outputs.shape[-1]).astype(np.float64)
    true = np.sum(scores * targets.reshape(scores.shape), axis=1)

    def log_loss(logarithm: float) -> float:
        inverse = np.exp(-logarithm)
        return float(np.mean(logsumexp(inverse * scores, axis=1) - inverse * true))

    found = minimize_scalar(log_loss, bounds=(np.log(_COLDEST), np.log(_HOTTEST)), method="bounded")
    return float(np.exp(found.x))
