"""The engine numba on this machine: compile its kernels, and compare an update with its matrix products alone."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchbench.core.problem import Split
from benchbench.isolation.pool import isolated_map, start_server
from benchbench.isolation.supervisor import Lost
from benchbench.run.job import PRELOAD

BATCH, STEPS = 32, 100


class Shape(NamedTuple):
    """A network of about 10,000 numbers, and the number of gates of its cell."""

    architecture: str
    units: int
    gates: int
    nonlinearity: str = ""


SHAPES = (Shape("rnn", 98, 1), Shape("rnn", 98, 1, "relu"), Shape("gru", 56, 3), Shape("lstm", 48, 4))


class Found(NamedTuple):
    """The seconds of compiling a kernel once on the machine, of an update, and of its matrix products (``floor``)."""

    kernel: str
    compile_seconds: float
    update: float
    floor: float


def found(on_start: Callable[[str], None] = lambda _: None) -> list[Found]:
    """Measure each kernel in a process of its own, one after the other.

    Raises ChildProcessError where a process ends early.
    """
    start_server(PRELOAD)
    readings = []
    for shape, reading in isolated_map(measured, SHAPES, on_start=lambda shape: on_start(f"kernels of {name(shape)}")):
        if isinstance(reading, Lost):
            raise ChildProcessError(f"{name(shape)}: {reading.reason}")
        readings.append(reading)
    return readings


def name(shape: Shape) -> str:
    """The name of a shape in readings."""
    return f"{shape.architecture} {shape.nonlinearity}".strip()


def measured(shape: Shape) -> Found:
    """Compile or load the kernels of a shape, and time them; this process takes on the switches of a trial."""
    from benchbench.measure import allocator
    from benchbench.measure.floor import minima, products
    from benchbench.measure.switches import set_flags
    from benchbench.run.standalone import made

    set_flags(1)
    allocator.keep_freed()
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((BATCH, STEPS, 1)).astype(np.float32)
    train = Split(inputs=inputs, targets=inputs[:, -1:])
    more: dict[str, Any] = {"nonlinearity": shape.nonlinearity} if shape.nonlinearity else {}
    learner = made(shape.architecture, train, width=shape.units, seed=0, batch=BATCH, engine="numba", **more)
    updates = learner.updates(train)  # type: ignore[attr-defined]  # a gradient learner's
    floor = products(shape.gates, shape.units, batch=BATCH, steps=STEPS)
    seconds = minima({"update": lambda: next(updates), **floor})
    compiled = learner.kernel_seconds  # type: ignore[attr-defined]
    return Found(name(shape), compiled or float("nan"), seconds["update"], min(seconds[key] for key in floor))
