"""Count what a fit spends, and say when to stop."""

import math
import operator
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchbench.core.errors import DivergedError
from benchbench.core.spec import Budget, ValidateAt

Clock = Callable[[], float]

VALIDATIONS = 10  # over a budget


class Meter:
    """The one account of a fit: ``while meter.spend(): step()``.

    A refusal is final: a loop must end at the first False, and asking again counts as going on without leave.
    ``batches`` are the updates of an epoch. ``clock`` returns seconds; ``synchronize`` waits for the device. At each
    update it is called only where the budget has ``seconds``; else the clock is read there without waiting, for the
    longest stretch without a request.
    ``watch`` is called with the updates so far, off the clock, at each point of the curve and wherever a learner calls
    ``look``: for the microscope.
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
        """How much of the budget is used, 0 to 1, as of the last reading."""
        return min(1.0, max(self.updates / self._limit, self.seconds / self._seconds_limit))

    @property
    def used_before(self) -> float:
        """How much of the budget was used when the last request was granted: from 0 to below 1."""
        return max(self._before / self._limit, self._granted / self._seconds_limit)

    @property
    def over(self) -> bool:
        """Whether the fit took more than the budget: updates without leave, or 5 % (one update) past the time."""
        late = self.seconds - self._seconds_limit
        return self.overspent > 0 or late > max(0.05 * self._seconds_limit, self._longest_update)

    @property
    def paused_seconds(self) -> float:
        """What the learner did off the clock, without what the microscope took."""
        return self._away - self._watched

    def start(self) -> None:
        """Put the fit on the clock."""
        self._synchronize()
        self._started = self._clock()

    def stop(self) -> None:
        """Take the fit off the clock and read it a last time."""
        self._read()
        self._stretch(self._last)
        if self.updates and self.first_update_seconds is None:
            self.first_update_seconds = self.seconds - (self._first_started or 0.0)

    def spend(self, updates: int = 1) -> bool:
        """Ask for ``updates`` more updates; False when the budget is used up."""
        updates = operator.index(updates)  # a NumPy count becomes a plain one
        if self._paused_at is not None:
            raise RuntimeError("spend() inside paused(): an update is always on the clock")
        if updates < 1:
            raise ValueError(f"a step is at least one update, not {updates}")
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
        """Whether the validation split is to be scored after this update; True once for each tenth or epoch.

        The end of the budget is not among them: a fit ends with a validation in any case.
        """
        used = self.fraction
        done = self.updates // self._batches if self._by_epoch else int(used * VALIDATIONS + 1e-9)
        if done < self._next_mark or used >= 1:
            return False
        self._next_mark = done + 1
        return True

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take what happens inside (scoring the validation split) off the clock."""
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

        Raises DivergedError where a loss is not finite, TypeError that says what to write for other arguments.
        """
        if others or valid is None:
            raise TypeError(_arguments(others))
        if not math.isfinite(valid) or not math.isfinite(train or 0.0):
            raise DivergedError(f"the loss is not finite after {self.updates} updates")
        self._read()
        self.curve.append((self.updates, self.seconds, float(valid), None if train is None else float(train)))
        self.look()

    def look(self) -> None:
        """Let the microscope look, off the clock: a learner calls it once before its first update."""
        with self.paused():
            began = self._clock()
            self._watch(self.updates)
            self._watched += self._clock() - began

    def _stretch(self, seconds: float) -> None:
        """A request, or the end, at so many seconds of the fit."""
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
