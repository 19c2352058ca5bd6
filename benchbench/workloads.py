"""The work that benchmarks time: each function here returns a function that does one piece of work at each call.

asv and pytest-benchmark both use them, so that "an update" has one meaning. A call returns when the device has
finished. The default width is that of the study ``main``: the largest with at most 10,000 numbers.
"""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchbench.core import registry
from benchbench.core.errors import UnsupportedError
from benchbench.core.options import bind
from benchbench.core.problem import Array, FreeRun, Split
from benchbench.core.record import Record, Status
from benchbench.core.seeds import stream
from benchbench.core.spec import Budget, Trial
from benchbench.core.study import Study
from benchbench.learn.device import require, synchronizer, tensor
from benchbench.learn.readout import Rows
from benchbench.learn.readout import solve as solve_readout
from benchbench.learn.sizing import solve_width
from benchbench.measure import allocator
from benchbench.measure.switches import set_flags
from benchbench.run.free_run import generate as generate_run
from benchbench.run.runner import run_study
from benchbench.run.standalone import fitted, made

Work = Callable[[], None]

PARAMETERS = 10_000
STEPS = 100  # steps of a generated run


def prepare(threads: int = 1) -> None:
    """Give this process the threads, switches and allocator of a trial's process."""
    set_flags(threads)
    threadpool_limits(threads)
    allocator.keep_freed()


def update(
    architecture: str,
    length: int,
    batch: int = 64,
    width: int | None = None,
    device: str = "cpu",
    *,
    engine: str = "torch",
) -> Work:
    """One update on ``batch`` sequences: a step of gradient descent, or adding a reservoir's states to its readout.

    Now and then the readout also reduces its stored rows, which a median does not show. UnsupportedError for a learner
    without a method ``updates``.
    """
    train = sequences(batch, length, device)
    learner = made(architecture, train, **_how(architecture, train, width, device), engine=engine)
    if not hasattr(learner, "updates"):
        raise UnsupportedError(f"{architecture} has no method updates, so single updates cannot be timed")
    updates = learner.updates(train)
    return _work(lambda: next(updates), device)


def predict(
    architecture: str,
    length: int,
    batch: int = 64,
    width: int | None = None,
    device: str = "cpu",
    *,
    engine: str = "torch",
) -> Work:
    """One prediction pass over ``batch`` sequences."""
    train = sequences(batch, length, device)
    learner = fitted(architecture, train, train, updates=1, **_how(architecture, train, width, device), engine=engine)
    return _work(lambda: learner.predict(train.inputs), device)


def generate(
    architecture: str,
    length: int,
    batch: int = 64,
    width: int | None = None,
    device: str = "cpu",
    *,
    steps: int = STEPS,
    engine: str = "torch",
) -> Work:
    """One free run of ``steps`` steps from ``batch`` starts, each a prefix of ``length`` steps."""
    train = sequences(batch, length, device)
    learner = fitted(architecture, train, train, updates=1, **_how(architecture, train, width, device), engine=engine)
    run = FreeRun(prefix=train.inputs, truth=np.zeros((batch, steps, 1), np.float32))
    return _work(lambda: generate_run(learner, run, length), device)


def data(task: str, length: int, **options: Any) -> Work:
    """Making one problem of a task with these options."""
    plugin = registry.load().get("task", task)
    bound = bind(plugin.options, options, f"[tasks.{task}]")
    return _work(lambda: plugin.function(stream(0, "data", task), length, **bound), "cpu")


def solve(length: int, batch: int = 64, width: int = 300, device: str = "cpu") -> Work:
    """Solving one readout from the states of ``batch`` sequences, with every step scored.

    It solves for all ridge strengths, and chooses the best on as many other states.
    """
    require(device)
    rng = stream(0, "solve")
    train, valid = (_states(rng, batch * length, width, device) for _ in range(2))
    return _work(lambda: solve_readout(train, valid), device)


def report(write: Callable[[str, Path], object], study: str, results: Path) -> Work:
    """Writing one report from the records of a study by ``write``, which a file of this layer may not import."""
    return _work(lambda: write(study, results), "cpu")


def trained(
    results: str | Path, *, lengths: Iterable[int] = (100, 200, 300),
    devices: Iterable[str] = ("cpu",), updates: int = 200, seeds: int = 1, **options: Any,
) -> Sequence[Record]:  # fmt: skip
    """The records of RNN, LSTM, GRU and ESN on Mackey-Glass; ``options`` are the task's.

    RuntimeError if a trial did not end ok, since asv treats a missing score as a skipped one.
    """
    study = Study(
        name="speed",
        lengths=tuple(lengths),
        devices=tuple(devices),
        seeds=seeds,
        budgets=(Budget(name="few", parameters=PARAMETERS, updates=updates),),
        tasks={"mackey_glass": (options,)},
        architectures={name: ({},) for name in ("rnn", "lstm", "gru", "esn")},
        closed_loop=False,
    )
    return _all_ok(run_study(study, results, jobs=1))


def trial_overhead(trials: int = 20) -> float:
    """Median seconds of a trial on noisy_sine outside its fit: fork, data, predictions, scores, record.

    RuntimeError if a trial did not end ok.
    """
    study = Study(
        name="overhead",
        lengths=(100,),
        seeds=trials,
        budgets=(Budget(name="few", width=32, updates=3, batch=32),),
        tasks={"noisy_sine": ({},)},
        architectures={"rnn": ({},)},
        closed_loop=False,
    )
    started, spent = 0.0, []

    def start(_: Trial) -> None:
        nonlocal started
        started = time.perf_counter()

    def stop(record: Record) -> None:
        spent.append(time.perf_counter() - started - (record.spent.fit_seconds or 0.0))

    with TemporaryDirectory() as results:
        _all_ok(run_study(study, results, jobs=1, on_start=start, on_record=stop))
    return statistics.median(spent)


def _all_ok(records: Sequence[Record]) -> Sequence[Record]:
    for record in records:
        if record.status is not Status.OK:
            raise RuntimeError(f"{record.trial.label}: {record.status}: {record.message}")
    return records


def sequences(batch: int, length: int, device: str) -> Split:
    """Noisy sines (batch, time, 1) to predict one step ahead; InputError if this machine lacks the device."""
    require(device)
    rng = stream(0, "sequences")
    phase = rng.uniform(0, 2 * np.pi, (batch, 1))
    signal = np.sin(0.2 * np.arange(length + 1) + phase) + 0.1 * rng.standard_normal((batch, length + 1))
    sequences: Array = signal.astype(np.float32)[:, :, None]
    return Split(inputs=sequences[:, :-1], targets=sequences[:, -1:])


def solved_width(architecture: str, train: Split) -> int:
    """The largest width in units with at most 10,000 numbers, for sequences like those of ``train``."""
    return solve_width(lambda width: made(architecture, train, width=width, seed=0), PARAMETERS)


def _how(architecture: str, train: Split, width: int | None, device: str) -> dict[str, Any]:
    return {"width": width or solved_width(architecture, train), "seed": 0, "batch": len(train), "device": device}


def _states(rng: np.random.Generator, rows: int, width: int, device: str) -> Rows:
    states = rng.standard_normal((rows, width))
    taken = Rows(width, 1, device)
    taken.add(tensor(states, device), tensor(np.sin(states[:, :1]), device))
    return taken


def _work(do: Callable[[], object], device: str) -> Work:
    wait = synchronizer(device)

    def work() -> None:
        do()
        wait()

    return work
