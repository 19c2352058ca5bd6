"""Compare the time of an update on the engine numba with PyTorch, and with the floor.

An update is complete: forward pass, loss, backward pass, clipping and Adam. For PyTorch, the faster of fused and
foreach Adam counts. The floor is the time of the matrix products alone, with the faster of PyTorch's and NumPy's BLAS.
The script calls all of them in turn on one thread, flushes denormal numbers for all, and prints the shortest times. Run
it from the checkout:

    python benchmarks/scripts/engine.py                       # six shapes: those of 10,000 parameters, and rl-tools'
    python benchmarks/scripts/engine.py --units 16 32 64 128 --batch 32 64 --steps 100 200 300
    python benchmarks/scripts/engine.py --lanes 8             # as on a machine without AVX-512
    python benchmarks/scripts/engine.py --busy                # processor time, on a machine that others use too
    python benchmarks/scripts/engine.py --fit 10000           # the time of a whole fit over that of its updates
"""

import argparse
import itertools
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import nn

from benchbench import Budget, Setting, Split
from benchbench.core.meter import Meter
from benchbench.learn.engines import gradient
from benchbench.learn.native.engine import Engine
from benchbench.learn.native.entries import OPTIMIZERS, Step
from benchbench.learn.network import Network
from benchbench.measure import allocator
from benchbench.measure.floor import minima, products

CELLS = {"rnn": (nn.RNN, 1), "gru": (nn.GRU, 3), "lstm": (nn.LSTM, 4)}
SHAPES = [("rnn", 98, 32, 200), ("gru", 56, 32, 200), ("lstm", 48, 32, 200),
          ("gru", 64, 32, 64), ("gru", 32, 64, 200), ("lstm", 64, 64, 200)]  # fmt: skip
RATE = 1e-6
Shape = tuple[str, int, int, int]
"""Cell, units, batch and steps."""


def network(cell: str, units: int, batch: int, steps: int) -> tuple[Network, Setting]:
    """A network of one layer with one feature, one output and one scored step."""
    setting = Setting(inputs=1, outputs=1, scored=1, length=steps, width=units, seed=0, batch=batch)
    torch.manual_seed(0)
    return Network(lambda inputs, width: CELLS[cell][0](inputs, width, batch_first=True), setting), setting


def plain(cell: str, units: int, inputs: torch.Tensor, targets: torch.Tensor, **adam: bool) -> Callable[[], None]:
    """A plain update with PyTorch."""
    net, _ = network(cell, units, *inputs.shape[:2])
    optimizer = torch.optim.Adam(net.parameters(), lr=RATE, **adam)

    def update() -> None:
        optimizer.zero_grad()
        nn.functional.mse_loss(net(inputs), targets).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()

    return update


def compiled(shape: Shape, lanes: int | None, inputs: np.ndarray, targets: np.ndarray) -> Callable[[], object]:
    """The engine's update on a batch."""
    step = Step(classifies=False, optimizer=OPTIMIZERS.index("adam"), momentum=0.0, clip=1.0, dropout=0.0,
                key=0)  # fmt: skip
    engine = Engine(*network(*shape), step, steps=shape[3], lengths=False, lanes=lanes)
    arrays = engine.batch(inputs, targets)
    return lambda: engine.update(arrays, RATE)


def compared(shape: Shape, lanes: int | None, clock: Callable[[], float]) -> dict[str, float]:
    """The milliseconds that PyTorch, the engine and the floor take, for a cell, units, batch and steps."""
    cell, units, batch, steps = shape
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((batch, steps, 1)).astype(np.float32)
    targets = rng.standard_normal((batch, 1, 1)).astype(np.float32)
    tensors = torch.from_numpy(inputs), torch.from_numpy(targets)
    floor = products(CELLS[cell][1], units, batch=batch, steps=steps)
    works = {
        "engine": compiled(shape, lanes, inputs, targets),
        "fused": plain(cell, units, *tensors, fused=True),
        "foreach": plain(cell, units, *tensors, foreach=True),
        **floor,
    }
    found = minima(works, clock=clock)
    times = {"torch": min(found["fused"], found["foreach"]), "engine": found["engine"]}
    return {name: 1e3 * seconds for name, seconds in (times | {"floor": min(found[name] for name in floor)}).items()}


def overhead(shape: Shape, updates: int, clock: Callable[[], float]) -> float:
    """The time of a fit on its meter over the time of its updates on one batch: the median of five.

    The meter reads the clock at each update, which is taken off: that of processor time is slow.
    """
    cell, units, batch, steps = shape
    series = np.random.default_rng(0).standard_normal(1_000 + steps).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(series, steps + 1)[:, :, None]
    train, (_, setting) = Split(inputs=windows[:, :-1], targets=windows[:, -1:]), network(*shape)
    alone = compiled(shape, None, windows[:batch, :-1].copy(), windows[:batch, -1:].copy())
    reading, ratios = minima({"clock": clock}, clock=clock)["clock"], []
    for _ in range(5):
        learner = gradient(
            replace(setting, engine="numba"), lambda inputs, width: CELLS[cell][0](inputs, width, batch_first=True)
        )
        meter = Meter(Budget(name="fit", width=units, updates=updates, batch=batch), clock=clock)
        meter.start()
        learner.fit(train, train, meter)
        meter.stop()
        update = minima({"update": alone}, clock=clock)["update"]
        ratios.append((meter.seconds - updates * reading) / (updates * update))
    return float(np.median(ratios))


def main() -> None:
    """Print one row for each shape."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    parser.add_argument("--units", nargs="+", type=int)
    parser.add_argument("--batch", nargs="+", type=int, default=[32, 64])
    parser.add_argument("--steps", nargs="+", type=int, default=[100, 200, 300])
    parser.add_argument("--lanes", type=int, choices=(8, 16))
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--fit", type=int, metavar="UPDATES")
    told = parser.parse_args()
    clock = time.thread_time if told.busy else time.perf_counter
    shapes = [one for one in SHAPES if one[0] in told.cells]
    if told.units:
        shapes = list(itertools.product(told.cells, told.units, told.batch, told.steps))
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    allocator.keep_freed()
    if told.fit:
        for shape in shapes:
            ratio = overhead(shape, told.fit, clock)
            print(f"{shape[0]} {shape[1]}, batch {shape[2]}, T {shape[3]}: {ratio:.3f} times its updates", flush=True)
        return
    print(
        "| shape | PyTorch ms | engine ms | floor ms | PyTorch / engine | engine / floor |\n|---|---|---|---|---|---|"
    )
    with threadpool_limits(1):
        for shape in shapes:
            row = compared(shape, told.lanes, clock)
            ratios = f"{row['torch'] / row['engine']:.1f} | {row['engine'] / row['floor']:.2f}"
            times = " | ".join(f"{row[name]:.2f}" for name in ("torch", "engine", "floor"))
            print(f"| {shape[0]} {shape[1]}, batch {shape[2]}, T {shape[3]} | {times} | {ratios} |", flush=True)


if __name__ == "__main__":
    main()
