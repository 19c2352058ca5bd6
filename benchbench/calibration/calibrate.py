"""Check the instruments against known answers: a sleep, an allocation, a count, one network under two names.

Two readings without a known answer are added: the machine's speed, and how close the engine numba comes to it.
"""

import statistics
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from tempfile import TemporaryDirectory

from benchbench.calibration import engine
from benchbench.core.errors import InputError
from benchbench.core.record import Record, Status
from benchbench.core.registry import Sources
from benchbench.core.spec import Budget, Trial
from benchbench.run.executor import Local
from benchbench.run.job import Job, Scheduled
from benchbench.run.outcome import Outcome

UPDATES, SECONDS, SLEEP, MEBIBYTES, PAIRS = 150, 1.0, 0.5, 300, 9
ANSWERS = Path(__file__).with_name("known_answers.py")
_COUNT = Budget(name="updates", width=16, updates=UPDATES, batch=16)
_TIME = Budget(name="seconds", width=16, seconds=SECONDS, batch=16)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The reading of an instrument and the true value; the reading is correct from ``low`` to ``high``.

    ``true`` is None where the true value is not known beforehand, as for the machine's speed.
    """

    instrument: str
    true: float | None
    read: float
    low: float
    high: float
    unit: str = ""

    @property
    def ok(self) -> bool:
        """Whether the reading lies between ``low`` and ``high``."""
        return self.low <= self.read <= self.high


def calibrate(
    answers: Path = ANSWERS, *, pairs: int = PAIRS, on_start: Callable[[str], None] = lambda _: None
) -> list[Reading]:
    """Run competitors whose cost is known, one at a time, and read the instruments, which takes half a minute.

    The kernels of the engine numba are compiled where this machine has not done so yet, which takes some seconds for
    each. ``answers`` is the plug-in file with the competitors; ``pairs`` pairs of twins are run. Raises
    ChildProcessError where a competitor fails, and InputError where the file cannot be loaded.
    """
    known = [*map(_trial, ("idle", "sleeper", "holder", "stepper")), _trial("stepper", budget=_TIME)]
    twins = [_trial(name, seed) for seed in range(pairs) for name in _either(seed)]
    with TemporaryDirectory(prefix="benchbench-") as folder:
        homes = {trial.architecture: str(answers) for trial in known + twins}
        job = Job(plugins=(str(answers),), folder=folder, sources=Sources(homes=homes))
        items = [Scheduled("", trial) for trial in known + twins]
        ended = Local().map(job, items, on_start=lambda item: on_start(item.trial.architecture))
        with closing(ended):
            records = [_record(outcome) for _, outcome in ended]
    speed = records[0].environment.yardstick["cpu"]
    kernels = [reading for found in engine.found(on_start) for reading in _engine(found)]
    return [*_costs(*records[: len(known)]), *_twins(records[len(known) :]), *_machine(speed), *kernels]


def _record(outcome: Outcome | InputError) -> Record:
    if isinstance(outcome, InputError):
        raise outcome
    record = outcome.record
    if record.status != Status.OK:
        raise ChildProcessError(f"{record.trial.architecture}: {record.status.value}: {record.message}")
    return record


def _either(seed: int) -> list[str]:
    """The names of the twins, each of which comes first on every second seed."""
    return ["twin_a", "twin_b"] if seed % 2 else ["twin_b", "twin_a"]


def _trial(name: str, seed: int = 0, budget: Budget = _COUNT) -> Trial:
    return Trial(study="calibrate", task="noisy_sine", architecture=name, length=50, seed=seed, budget=budget)


def _costs(idle: Record, sleeper: Record, holder: Record, stepper: Record, timed: Record) -> list[Reading]:
    return [
        Reading(instrument="fit time of a sleep", true=SLEEP, read=_seconds(sleeper),
                low=SLEEP, high=1.03 * SLEEP, unit="s"),
        Reading(instrument="fit time of nothing", true=0.0, read=_seconds(idle), low=0.0, high=0.001, unit="s"),
        Reading(instrument="a budget of seconds", true=SECONDS, read=_seconds(timed),
                low=SECONDS, high=1.05 * SECONDS, unit="s"),
        Reading(instrument="updates spent", true=UPDATES, read=stepper.spent.updates or 0, low=UPDATES, high=UPDATES),
        Reading(instrument="memory of an allocation", true=MEBIBYTES, read=_mebibytes(holder),
                low=0.97 * MEBIBYTES, high=1.03 * MEBIBYTES, unit="MiB"),
        Reading(instrument="memory of nothing", true=0.0, read=_mebibytes(idle), low=0.0, high=5.0, unit="MiB"),
    ]  # fmt: skip


def _twins(records: list[Record]) -> list[Reading]:
    first, second = (
        sorted((r for r in records if r.trial.architecture == name), key=lambda r: r.trial.seed)
        for name in ("twin_a", "twin_b")
    )
    pairs = list(zip(first, second, strict=True))
    ratio = statistics.median(_seconds(a) / _seconds(b) for a, b in pairs)
    differ = sum(a.scores != b.scores for a, b in pairs)
    return [
        Reading(instrument="twins: ratio of fit times", true=1.0, read=ratio, low=0.9, high=1.1),
        Reading(instrument="twins: scores that differ", true=0, read=differ, low=0, high=0),
    ]


def _machine(speed: dict[str, float]) -> list[Reading]:
    names = {"gemm_gflops": ("matrix product", "GFLOP/s"), "copy_gb_per_s": ("copy of memory", "GB/s")}
    return [
        Reading(instrument=f"the machine: {label}", true=None, read=speed[name], low=0.0, high=float("inf"), unit=unit)
        for name, (label, unit) in names.items()
    ]


def _engine(found: engine.Found) -> list[Reading]:
    place = f"the engine numba, {found.kernel}"
    read = {
        "compiled once": (found.compile_seconds, "s"),
        "an update": (1e3 * found.update, "ms"),
        "the floor": (1e3 * found.floor, "ms"),
        "times the floor": (found.update / found.floor, ""),
    }
    return [
        Reading(instrument=f"{place}: {label}", true=None, read=value, low=0.0, high=float("inf"), unit=unit)
        for label, (value, unit) in read.items()
        if not isnan(value)  # the time of compiling may not be known
    ]


def _seconds(record: Record) -> float:
    return record.spent.fit_seconds or float("nan")


def _mebibytes(record: Record) -> float:
    return float("nan") if record.spent.peak_bytes is None else record.spent.peak_bytes / 2**20
