"""Decides which trial goes to which worker: block by block, so that paired trials run on one machine, close in time."""

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable
from itertools import groupby

from benchbench.run.job import Scheduled

ATTEMPTS = 2
"""How many times a trial is started; it is recorded as lost if its worker has left each time."""


class Dealer:
    """Deals the trials of a run out to its workers.

    A worker gets whole blocks. When a worker leaves, another worker gets the rest of its block as a new block, whose
    name is the old one with a number appended, so that records say which trials ran on one machine. Running the whole
    block once more would repeat trials that are recorded.
    """

    def __init__(self, items: Iterable[Scheduled]) -> None:
        self._waiting = deque(deque(block) for _, block in groupby(items, key=lambda item: item.block))
        self._own: dict[Hashable, deque[Scheduled]] = {}
        self._begun: set[str] = set()  # blocks of which a trial has ended
        self._lost: Counter[str] = Counter()

    def next(self, worker: Hashable, can: Callable[[Scheduled], bool]) -> Scheduled | None:
        """Return the next trial for a worker, or None if no waiting trial is one that it ``can`` run."""
        own = self._own.setdefault(worker, deque())
        if not own:
            for block in self._waiting:
                if can(block[0]):
                    self._waiting.remove(block)
                    self._own[worker] = own = block
                    break
        return own.popleft() if own else None

    def ended(self, item: Scheduled) -> None:
        """Note that a trial has its outcome."""
        self._begun.add(item.block)

    def left(self, worker: Hashable, ran: Iterable[Scheduled], waited: Iterable[Scheduled]) -> list[Scheduled]:
        """Take back the trials of a worker that has left, those that ``ran`` and those that ``waited`` there.

        Returns the trials that have used up their attempts.
        """
        ran = list(ran)
        self._lost.update(item.trial.key for item in ran)
        lost = [item for item in ran if self._lost[item.trial.key] >= ATTEMPTS]
        again = [item for item in ran if self._lost[item.trial.key] < ATTEMPTS]
        rest = [*again, *waited, *self._own.pop(worker, ())]
        for _, block in reversed([(name, [*items]) for name, items in groupby(rest, key=lambda item: item.block)]):
            self._waiting.appendleft(deque(self._marked(item) for item in block))
        return lost

    def _marked(self, item: Scheduled) -> Scheduled:
        if item.block not in self._begun:
            return item
        name, _, number = item.block.partition(".")
        return item._replace(block=f"{name}.{int(number or 1) + 1}")
