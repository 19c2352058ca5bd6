"""Which trial goes to which worker: block by block, so that pairs run on one machine and close in time."""

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable
from itertools import groupby

from benchbench.run.job import Scheduled

ATTEMPTS = 2
"""Times that a trial may run; it is lost where its worker went each time."""


class Dealer:
    """Deals the trials of a run out to its workers.

    A worker has a block to itself. The rest of a block whose worker has gone goes to another one as a block of its own,
    named after it with a number behind, so that a record says that its pairs were made elsewhere. To run the whole
    block once more would run again what is recorded.
    """

    def __init__(self, items: Iterable[Scheduled]) -> None:
        self._waiting = deque(deque(block) for _, block in groupby(items, key=lambda item: item.block))
        self._own: dict[Hashable, deque[Scheduled]] = {}
        self._begun: set[str] = set()  # blocks of which a trial has ended
        self._lost: Counter[str] = Counter()

    def next(self, worker: Hashable, can: Callable[[Scheduled], bool]) -> Scheduled | None:
        """The next trial for a worker, None where there is none that it ``can`` run."""
        own = self._own.setdefault(worker, deque())
        if not own:
            for block in self._waiting:
                if can(block[0]):
                    self._waiting.remove(block)
                    self._own[worker] = own = block
                    break
        return own.popleft() if own else None

    def ended(self, item: Scheduled) -> None:
        """A trial has its outcome."""
        self._begun.add(item.block)

    def left(self, worker: Hashable, ran: Iterable[Scheduled], waited: Iterable[Scheduled]) -> list[Scheduled]:
        """A worker has gone, with trials that ``ran`` there and that ``waited``; those that are lost for good."""
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
