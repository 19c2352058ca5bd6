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
    """Does ``work`` for its fit, keeps what that returns, and predicts zero."""

    size = Size(trained=0)

    def __init__(self, setting: Setting, work: Callable[[Meter], object]) -> None:
        self._shape, self._work = (setting.scored, setting.outputs), work

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:  # noqa: ARG002
        """Do the work."""
        self._kept = self._work(meter)

    def predict(self, inputs: Array) -> Array:
        """Zeros: (sequence, scored, output)."""
        return np.zeros((len(inputs), *self._shape), np.float32)


@architecture("idle", version=1)
def idle(setting: Setting) -> Learner:
    """Does nothing."""
    return Known(setting, lambda _: None)


@architecture("sleeper", version=1)
def sleeper(setting: Setting, *, seconds: float = 0.5) -> Learner:
    """Sleeps through its fit."""

    def work(_: Meter) -> None:
        time.sleep(seconds)

    return Known(setting, work)


@architecture("stepper", version=1)
def stepper(setting: Setting, *, seconds: float = 0.001) -> Learner:
    """Sleeps ``seconds`` an update until the meter refuses."""

    def work(meter: Meter) -> None:
        while meter.spend():
            time.sleep(seconds)

    return Known(setting, work)


@architecture("holder", version=1)
def holder(setting: Setting, *, mebibytes: int = 300) -> Learner:
    """Fills ``mebibytes`` of memory and keeps them."""
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
