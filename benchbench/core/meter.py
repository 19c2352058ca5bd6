"""Meter: counts the updates and seconds that a fit spends, and tells it when to stop."""

import math
import operator
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchbench.core.errors import DivergedError
from benchbench.core.spec import Budget, ValidateAt

Clock = Callable[[], float]

VALIDATIONS = 10  # times over a budget that the validation split is scored


class Meter:
    """Counts what a fit spends and ends it: a fit loops ``while meter.spend(): step()``.

    The loop must end at the first False: updates that are requested after it count as overspent. ``batches`` is the
    number of updates in an epoch. ``clock`` returns seconds; ``synchronize`` waits for the device. The meter
    synchronizes at each update only where the budget has ``seconds``; otherwise it reads the clock without waiting, to
    find the longest time between two requests. ``watch`` serves the microscope: it is called off the clock with the
    number of updates so far, at each point of the learning curve and whenever a learner calls ``look``.
    """

    def __init__(
        self,
        budget: Budget,
        *,
        batches: int = 1,
        clock: Clock = time.perf_counter,
        synchronize: Callable[[], None] = lambda: None,
        validate_at: ValidateAt = "tenths",
        watch: Callable[[int], None] = lambda _updates: None,
    ) -> None:
        limits = [budget.updates, None if budget.epochs is None else budget.epochs * batches]
        self._limit = min((limit for limit in limits if limit is not None), default=math.inf)
        self._seconds_limit = math.inf if budget.seconds is None else budget.seconds
        self._clock, self._synchronize = clock, synchronize
        self._started: float | None = None
        self._paused_at: float | None = None
        self._away = self._watched = 0.0
        self._requested = 0.0
        self._last = 0.0
        self._longest_update = 0.0
        self._first_started: float | None = None
        self._before, self._granted = 0, 0.0
        self.updates = 0
        self.overspent = 0
        self.first_update_seconds: float | None = None
        self.seconds: float = 0.0
        self.pauses = 0
        self.longest_seconds = 0.0
        self.curve: list[tuple[int, float, float, float | None]] = []
        self._refused = False
        self._batches, self._by_epoch, self._watch = batches, validate_at == "epochs", watch
        self._next_mark = 1

    @property
    def fraction(self) -> float:
        """The share of the budget that is used, 0 to 1, at the last reading of the clock."""
        return min(1.0, max(self.updates / self._limit, self.seconds / self._seconds_limit))

    @property
    def used_before(self) -> float:
        """The share of the budget, from 0 to below 1, that was used when the last request was granted."""
        return max(self._before / self._limit, self._granted / self._seconds_limit)

    @property
    def over(self) -> bool:
        """Whether the fit exceeded the budget.

        It did where it asked for updates after a refusal, or ran past its seconds by more than 5 % of them and by more
        than its longest update.
        """
        late = self.seconds - self._seconds_limit
        return self.overspent > 0 or late > max(0.05 * self._seconds_limit, self._longest_update)

    @property
    def paused_seconds(self) -> float:
        """Seconds that the learner spent off the clock, without those of the microscope."""
        return self._away - self._watched

    def start(self) -> None:
        """Start the clock of the fit."""
        self._synchronize()
        self._started = self._clock()

    def stop(self) -> None:
        """Read the clock a last time, at the end of the fit."""
        self._read()
        self._stretch(self._last)
        if self.updates and self.first_update_seconds is None:
            self.first_update_seconds = self.seconds - (self._first_started or 0.0)

    def spend(self, updates: int = 1) -> bool:
        """Ask for ``updates`` more updates; returns False when the budget is used up.

        Raises ValueError for fewer than one update, and RuntimeError inside ``paused``.
        """
        updates = operator.index(updates)  # a NumPy count becomes a plain one
        if self._paused_at is not None:
            raise RuntimeError("spend() was called inside paused(): call it outside, since updates are on the clock")
        if updates < 1:
            raise ValueError(f"spend({updates}): ask for at least one update")
        if self._started is None:
            self.start()
        if self._refused:
            self.overspent += updates
            return False
        timed = self._seconds_limit < math.inf or self.first_update_seconds is None
        if timed:
            self._read()
        self._stretch(self._last if timed else self._clock() - (self._started or 0.0) - self._away)
        if self._first_started is not None and self.first_update_seconds is None:
            self.first_update_seconds = self.seconds - self._first_started
        if self.updates + updates > self._limit or self.seconds >= self._seconds_limit:
            self._refused = True
            return False
        if self._first_started is None:
            self._first_started = self.seconds
        self._before, self._granted = self.updates, self.seconds
        self.updates += updates
        return True

    def due(self) -> bool:
        """Whether to score the validation split after this update: True once for each tenth of the budget, or epoch.

        At the end of the budget it is False, since every fit scores the validation split when it ends.
        """
        used = self.fraction
        done = self.updates // self._batches if self._by_epoch else int(used * VALIDATIONS + 1e-9)
        if done < self._next_mark or used >= 1:
            return False
        self._next_mark = done + 1
        return True

    @contextmanager
    def paused(self) -> Iterator[None]:
        """A context whose time is off the clock, for scoring the validation split."""
        if self._paused_at is not None:  # already off the clock
            yield
            return
        self._read()
        self._paused_at = self._clock()
        self.pauses += 1
        try:
            yield
        finally:
            self._synchronize()
            if self._started is not None:
                self._away += self._clock() - max(self._paused_at, self._started)
            self._paused_at = None

    def note(self, valid: float | None = None, train: float | None = None, **others: object) -> None:
        """Add a point (updates, seconds, validation loss, training loss) to the learning curve.

        Raises DivergedError where a loss is not finite, and TypeError for other arguments.
        """
        if others or valid is None:
            raise TypeError(_arguments(others))
        if not math.isfinite(valid) or not math.isfinite(train or 0.0):
            raise DivergedError(f"the loss is not finite after {self.updates} updates")
        self._read()
        self.curve.append((self.updates, self.seconds, float(valid), None if train is None else float(train)))
        self.look()

    def look(self) -> None:
        """Call ``watch`` off the clock; a learner calls this once before its first update."""
        with self.paused():
            began = self._clock()
            self._watch(self.updates)
            self._watched += self._clock() - began

    def _stretch(self, seconds: float) -> None:
        """Note a request, or the end, at ``seconds`` of the fit."""
        self.longest_seconds = max(self.longest_seconds, seconds - self._requested)
        self._requested = seconds

    def _read(self) -> None:
        if self._started is None or self._paused_at is not None:
            return
        self._synchronize()
        self.seconds = self._clock() - self._started - self._away
        if self.updates and not self._refused:
            self._longest_update = max(self._longest_update, self.seconds - self._last)
        self._last = self.seconds


def _arguments(others: dict[str, object]) -> str:
    former = {"valid_mse": "valid", "train_mse": "train"}
    renamed = [f"{old} is now called {former[old]}" for old in others if old in former]
    said = "; ".join(renamed) or "valid is missing, or another argument is given"
    return f"write meter.note(valid=..., train=...), with the losses of the two splits: {said}"
