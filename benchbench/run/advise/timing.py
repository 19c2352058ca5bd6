"""Measures how long the trials of a study take on this machine, by running one seed of it with 20 updates."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchbench.core.errors import InputError
from benchbench.core.record import Record, Status
from benchbench.core.spec import Trial
from benchbench.run.advise.outline import BATCH, Outline
from benchbench.run.runner import run_study

UPDATES = 20

Clock = Callable[[], float]


class Pace(NamedTuple):
    """The speed of one competitor at one length: seconds of one more update, and the most updates that it takes."""

    length: int
    seconds: float
    most: int | None


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The times of one seed of 20 updates.

    ``seconds``: wall time by length, with trials in parallel as in any run. ``paces``: one for each competitor.
    ``start``: seconds from the start of a run to its first trial, without work that is done only once. ``thinned``:
    texts that say what is left out of a long signal.
    """

    seconds: dict[int, float]
    paces: tuple[Pace, ...]
    start: float
    jobs: int
    thinned: tuple[str, ...] = ()

    def study_seconds(self, lengths: Sequence[int], seeds: int, updates: int) -> float:
        """About how many seconds a study takes from its start to its last record."""
        more = [
            max(0, min(updates, pace.most or updates) - UPDATES) * pace.seconds
            for pace in self.paces
            if pace.length in lengths
        ]
        fixed = seeds * sum(self.seconds[length] for length in lengths)
        return self.start + fixed + seeds * sum(more) / self.jobs + max(more, default=0.0)

    def joined(self, later: "Timing") -> "Timing":
        """Add a later run at other lengths on the same machine; its ``start`` counts, since caches are warm by then."""
        return replace(
            later,
            seconds={**self.seconds, **later.seconds},
            paces=self.paces + later.paces,
            thinned=tuple(dict.fromkeys(self.thinned + later.thinned)),
        )


@dataclass
class _Watch:
    """Notes when the parts of a run begin and end."""

    clock: Clock
    checked: float = 0.0
    planned: float = 0.0
    started: dict[int, float] = field(default_factory=dict)
    ended: dict[int, float] = field(default_factory=dict)
    running: int = 0
    first: float | None = None

    def step(self, text: str) -> None:
        if text.startswith("checking"):
            self.checked = self.clock()

    def plan(self, *_: int) -> None:
        self.planned = self.clock()

    def start(self, trial: Trial) -> None:
        now = self.clock()
        self.first = now if self.first is None else self.first
        self.started.setdefault(trial.length, now)

    def record(self, record: Record) -> None:
        self.ended[record.trial.length] = self.clock()


def timed(
    outline: Outline,
    *,
    jobs: int,
    clock: Clock = time.monotonic,
    on_step: Callable[[str], None] = lambda _: None,
    **options: Any,
) -> Timing:
    """Run one seed of a study with 20 updates in a temporary folder.

    ``options`` are passed on to ``run_study``. InputError if the study cannot be run, or if no network's trial is ok.
    """
    watch = _Watch(clock)
    small = replace(outline, seeds=1, updates=UPDATES)
    with TemporaryDirectory(prefix="benchbench-try-") as folder:
        records = run_study(
            small.study(),
            Path(folder),
            jobs=jobs,
            on_plan=watch.plan,
            on_start=watch.start,
            on_record=watch.record,
            on_step=_both(watch.step, on_step),
            **options,
        )
    ok = [record for record in records if record.status is Status.OK]
    if not any(record.baseline is False for record in ok):
        failed = next(record for record in records if record.baseline is False)
        raise InputError(
            f"no network could be fitted to this signal; the first to fail was {failed.trial.architecture}: "
            f"{failed.message}"
        )
    first = watch.planned if watch.first is None else watch.first
    return Timing(
        seconds={length: watch.ended[length] - start for length, start in watch.started.items()},
        paces=tuple(map(_pace, ok)),
        start=first - watch.checked,
        jobs=jobs,
        thinned=tuple(dict.fromkeys(text for record in ok for text in record.data.get("thinned", ()))),
    )


def _both(one: Callable[[str], None], other: Callable[[str], None]) -> Callable[[str], None]:
    def heard(text: str) -> None:
        one(text)
        other(text)

    return heard


def _pace(record: Record) -> Pace:
    """Seconds of an update: those of the fit without its first update or longest step, which happen once."""
    spent = record.spent
    once = max(spent.first_update_seconds or 0.0, spent.longest_seconds or 0.0)
    updates = max(1, (spent.updates or 0) - 1)
    seconds = max(0.0, (spent.fit_seconds or 0.0) - once) / updates
    most = -(-int(record.data.get("train", 0)) // BATCH) if record.solves else None
    return Pace(record.trial.length, seconds, most)
