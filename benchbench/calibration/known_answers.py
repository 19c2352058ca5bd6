"""Competitors whose cost is known beforehand, for ``benchbench calibrate``; a plug-in file like any other."""

import time
from collections.abc import Callable

import numpy as np
from torch import nn

from benchbench import Size, architecture
from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Learner, Setting, Split
from benchbench.learn import Gradient


class Known:
    """A learner that does ``work`` in its fit, keeps the value that it returns, and predicts zero."""

    size = Size(trained=0)

    def __init__(self, setting: Setting, work: Callable[[Meter], object]) -> None:
        self._shape, self._work = (setting.scored, setting.outputs), work

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:  # noqa: ARG002
        """Do the work, whatever the data."""
        self._kept = self._work(meter)

    def predict(self, inputs: Array) -> Array:
        """Zeros (sequence, scored, output) for inputs (sequence, time, feature)."""
        return np.zeros((len(inputs), *self._shape), np.float32)


@architecture("idle", version=1)
def idle(setting: Setting) -> Learner:
    """Do nothing in the fit."""
    return Known(setting, lambda _: None)


@architecture("sleeper", version=1)
def sleeper(setting: Setting, *, seconds: float = 0.5) -> Learner:
    """Sleep for ``seconds`` in the fit."""

    def work(_: Meter) -> None:
        time.sleep(seconds)

    return Known(setting, work)


@architecture("stepper", version=1)
def stepper(setting: Setting, *, seconds: float = 0.001) -> Learner:
    """Sleep for ``seconds`` in each update, until the meter refuses."""

    def work(meter: Meter) -> None:
        while meter.spend():
            time.sleep(seconds)

    return Known(setting, work)


@architecture("holder", version=1)
def holder(setting: Setting, *, mebibytes: int = 300) -> Learner:
    """Fill ``mebibytes`` MiB of memory and keep them."""
    return Known(setting, lambda _: np.ones(mebibytes * 2**20, np.uint8))


def _gru(inputs: int, width: int) -> nn.Module:
    return nn.GRU(inputs, width, batch_first=True)


@architecture("twin_a", version=1)
def twin_a(setting: Setting) -> Learner:
    """One architecture under two names: the first."""
    return Gradient(setting, _gru)


@architecture("twin_b", version=1)
def twin_b(setting: Setting) -> Learner:
    """One architecture under two names: the second."""
    return Gradient(setting, _gru)
