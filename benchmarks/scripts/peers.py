"""Compare our echo state network with reservoirpy and echoes: same sizes, same data, in turns.

The script measures the seconds of fit and prediction, the peak that they add to the memory of a fresh process, and the
test error, for two problems: (a) 1,000 windows of 200 steps with one target each, and as many to predict; (b) one
series of 20,000 steps, and 5,000 to predict. The first 100 steps of a series are neither fitted nor scored, because a
reservoir starts from zeros. Each reading comes from a process of its own with everything imported and one thread. Run
it from the checkout with the extra ``peers`` installed: ``python benchmarks/scripts/peers.py``.
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from multiprocessing import get_context

import numpy as np
import reservoirpy
from echoes import ESNRegressor
from reservoirpy.nodes import Reservoir, Ridge
from tabulate import tabulate
from threadpoolctl import threadpool_limits

from benchbench import Split
from benchbench.measure import peak_memory
from benchbench.run.standalone import fitted
from benchbench.signals.mackey_glass import series

WINDOWS, LENGTH, TRAIN, TEST = 1000, 200, 20_000, 5_000
RADIUS, LEAK, SCALING, BIAS, RIDGE, WASHOUT = 0.9, 0.5, 0.5, 0.2, 1e-8, 100

Data = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Inputs and targets to fit, inputs and targets to predict: (sequence, time, 1) and (sequence, scored, 1)."""


def windows(length: int) -> Data:
    """Windows without overlap, each with the value that follows."""
    signal = standard(2 * WINDOWS * (length + 1))
    cut = signal.reshape(2 * WINDOWS, length + 1, 1)
    inputs, targets = cut[:, :-1], cut[:, -1:]
    return inputs[:WINDOWS], targets[:WINDOWS], inputs[WINDOWS:], targets[WINDOWS:]


def long(steps: int) -> Data:
    """One series, each step with the value that follows."""
    signal = standard(steps + TEST + 1)[None, :, None]
    return signal[:, :steps], signal[:, 1 : steps + 1], signal[:, steps:-1], signal[:, steps + 1 :]


def standard(samples: int) -> np.ndarray:
    """The Mackey-Glass series, standardised."""
    values = series(np.random.default_rng(0), samples)
    return ((values - values.mean()) / values.std()).astype(np.float32)


def ours(data: Data, units: int, **options: object) -> np.ndarray:
    """Our predictions; the last tenth of the training data is held out to choose one of 19 ridge strengths."""
    inputs, targets, test, wanted = data
    one = len(inputs) == 1
    edge = round(0.9 * inputs.size / (1 if one else inputs.shape[1]))
    parts = [np.s_[:, :edge], np.s_[:, edge:]] if one else [np.s_[:edge], np.s_[edge:]]
    train, held = (Split(inputs=inputs[part], targets=targets[part]) for part in parts)
    learner = fitted(
        "esn", train, held, width=units, seed=0, steps=wanted.shape[1] if one else None,
        spectral_radius=RADIUS, leak=LEAK, input_scaling=SCALING, bias=BIAS, washout=WASHOUT, **options,
    )  # fmt: skip
    return learner.predict(test)


def sparse(data: Data, units: int) -> np.ndarray:
    """Our network with ten links for each unit, the default."""
    return ours(data, units)


def same(data: Data, units: int) -> np.ndarray:
    """Our network with a tenth of all links and normal equations, as in reservoirpy."""
    return ours(data, units, density=0.1, solver="cholesky")


def theirs(data: Data, units: int) -> np.ndarray:
    """Reservoirpy: a reservoir with a tenth of all links, and its ridge readout."""
    inputs, targets, test, wanted = (part.astype(np.float64) for part in data)
    scored = targets.shape[1]
    options = {"lr": LEAK, "sr": RADIUS, "input_scaling": SCALING, "rc_connectivity": 0.1, "seed": 0}
    net = Reservoir(units, **options) >> Ridge(ridge=RIDGE * targets.size)
    padded = [np.concatenate([np.zeros((len(x) - scored, 1)), y]) for x, y in zip(inputs, targets, strict=True)]
    net.fit(list(inputs), padded, warmup=max(WASHOUT, inputs.shape[1] - scored))
    predictions = []
    for sequence in test:
        net.reset()
        predictions.append(net.run(sequence)[-wanted.shape[1] :])
    return np.stack(predictions)


def echoes(data: Data, units: int) -> np.ndarray:
    """Echoes: its regressor, which takes one series, so that windows are joined one after the other."""
    inputs, targets, test, wanted = (part.astype(np.float64) for part in data)
    every = targets if targets.shape == inputs.shape else np.concatenate([inputs[:, 1:], targets], axis=1)
    net = ESNRegressor(
        n_reservoir=units, spectral_radius=RADIUS, leak_rate=LEAK, input_scaling=SCALING, bias=BIAS, sparsity=0.9,
        n_transient=WASHOUT,        regression_method="ridge", ridge_alpha=RIDGE * every.size, random_state=0,
    )  # fmt: skip
    net.fit(inputs.reshape(-1, 1), every.reshape(-1, 1))
    return net.predict(test.reshape(-1, 1)).reshape(test.shape)[:, -wanted.shape[1] :]


PEERS: dict[str, Callable[[Data, int], np.ndarray]] = {
    "benchbench": sparse,
    "benchbench, 10 % links, cholesky": same,
    "reservoirpy": theirs,
    "echoes": echoes,
}


def measure(name: str, data: Data, units: int) -> tuple[float, int, float]:
    """The seconds, the bytes added at the peak, and the mean squared error of one competitor."""
    with threadpool_limits(1):
        peak = peak_memory.Peak()
        start = time.perf_counter()
        predictions = PEERS[name](data, units)
        seconds = time.perf_counter() - start
        return seconds, peak.added(), float(np.mean((predictions - data[3])[:, -(TEST - WASHOUT) :] ** 2))


def compare(title: str, data: Data, units: int, rounds: int) -> None:
    """Print a table of medians, and the ratios of paired rounds to ours."""
    readings: dict[str, list[tuple[float, int, float]]] = {name: [] for name in PEERS}
    for round_ in range(rounds):
        names = list(PEERS)
        for name in names if round_ % 2 else names[::-1]:
            with get_context("fork").Pool(1) as pool:
                readings[name].append(pool.apply(measure, (name, data, units)))
    rows = []
    for name, found in readings.items():
        seconds, peaks, errors = (statistics.median(column) for column in zip(*found, strict=True))
        pairs = zip(found, readings["benchbench"], strict=True)
        ratio = statistics.median(theirs[0] / ours[0] for theirs, ours in pairs)
        rows.append([name, f"{seconds:.3f}", f"{ratio:.1f}", f"{peaks / 2**20:.0f}", f"{errors:.2e}"])
    print(f"\n{title}, {units} units (median of {rounds} rounds)\n")
    print(
        tabulate(
            rows, ["", "fit + predict (s)", "times ours", "peak (MiB)", "test MSE"], "github", disable_numparse=True
        )
    )


def main() -> None:
    """Print both comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--units", type=int, nargs="+", default=[100, 500])
    chosen = parser.parse_args()
    warnings.filterwarnings("ignore")
    reservoirpy.set_seed(0)
    for peer in PEERS.values():  # what is compiled or imported late is here before a process is forked
        for data in (windows(150), long(3000)):
            peer(tuple(part[:50] for part in data), 20)
    for units in chosen.units:
        compare(f"{WINDOWS:,} windows of {LENGTH}, and {WINDOWS:,} to predict", windows(LENGTH), units, chosen.rounds)
        compare(f"One series of {TRAIN:,} steps, and {TEST:,} to predict", long(TRAIN), units, chosen.rounds)


if __name__ == "__main__":
    main()
