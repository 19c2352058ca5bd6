"""Runs the trials of a run on a cluster: which worker has which trials, which workers left, and what runs again."""

import pickle
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from distributed import Future

from benchbench.core.errors import InputError
from benchbench.core.record import Environment
from benchbench.isolation.supervisor import Lost
from benchbench.run.cluster import worker
from benchbench.run.cluster.dealer import Dealer
from benchbench.run.cluster.link import Link
from benchbench.run.cluster.luggage import packed
from benchbench.run.cluster.member import GPU, Member, opened
from benchbench.run.executor import Ended
from benchbench.run.job import Job, Scheduled, lost

_LOOK = 1.0  # seconds between two looks at the workers
_AHEAD = 2  # trials for each job of a worker: one runs while the next is being sent
_TRIES = 3  # to open a host on a worker
_FETCHERS = 4  # threads that fetch outcomes


@dataclass(frozen=True, kw_only=True)
class Listeners:
    """Called during a run on a cluster: with the number of workers, notes, trials that start, and printed text."""

    on_workers: Callable[[int], None]
    on_note: Callable[[str], None]
    on_start: Callable[[Scheduled], None]
    on_output: Callable[[Scheduled, str], None]


class Session:
    """One map of a job over trials. ``members`` are the workers by address, kept from one map to the next.

    A scheduler or a worker that sends nothing for ``patience`` seconds counts as lost.
    """

    def __init__(
        self, link: Link, members: dict[str, Member], run: str, job: Job, items: Iterable[Scheduled], *,
        patience: float, listeners: Listeners,
    ) -> None:  # fmt: skip
        self._link, self._members, self._run, self._job = link, members, run, job
        self._patience, self._listeners = patience, listeners
        trials = list(items)
        self._dealer, self._left = Dealer(trials), len(trials)
        self._parcels = packed(job)
        self._events: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self._over = threading.Event()
        self._threads = ThreadPoolExecutor(_FETCHERS, thread_name_prefix="benchbench-fetch")
        self._answered = self._busy = time.monotonic()
        self._begun = False
        self._count = -1

    def outcomes(self) -> Generator[Ended, None, None]:
        """Each trial with its outcome."""
        threading.Thread(target=self._watch, daemon=True).start()
        try:
            while self._left:
                hear, *what = self._events.get()
                for one in hear(*what):
                    self._left -= 1
                    self._deal()
                    yield one
                self._deal()
        finally:
            self._over.set()
            waiting = [future for member in self._members.values() for _, future in member.given.values()]
            for future in waiting:
                future.release()
            if waiting:
                self._link.tell(worker.closed, self._run, workers=self._members)
                self._members.clear()
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _watch(self) -> None:
        while not self._over.wait(0.0 if not self._members else _LOOK):
            self._events.put((self._looked, self._link.workers()))
            self._over.wait(_LOOK / 10)

    def _deal(self) -> None:
        """Send trials to workers that have room, but none before each of the first workers has been found fit."""
        ready = [member for member in self._members.values() if member.state == "ready"]
        if len(ready) != self._count:
            self._count = len(ready)
            self._listeners.on_workers(self._count)
        if not self._begun:
            return
        for member in ready:
            for _ in range(member.room(_AHEAD)):
                item = self._dealer.next(member.token, member.can)
                if item is None:
                    break
                self._submit(member, item)
            for item in member.starting():
                member.started[item.trial.key] = datetime.now(UTC).isoformat(timespec="seconds")
                self._listeners.on_start(item)
        if any(member.given or member.state in {"new", "opening"} for member in self._members.values()):
            self._busy = time.monotonic()
        elif self._left and time.monotonic() - self._busy > self._patience:
            raise ConnectionError(
                f"no worker at {self._link.address} can run the trials any more; the records so far are kept, "
                "and the same command continues from them"
            )

    def _submit(self, member: Member, item: Scheduled) -> None:
        needs = {} if item.trial.device == "cpu" else {GPU: 1}
        key = item.trial.key
        future = self._link.submit(worker.ran, member.token, pickle.dumps(item), worker=member.address, needs=needs)
        member.given[key] = item, future
        future.add_done_callback(lambda done: self._events.put((self._done, member, key, done)))

    # One method for each event; each yields the trials whose outcome is known now.

    def _looked(self, workers: dict[str, dict[str, Any]] | None) -> Iterator[Ended]:
        """Handle the scheduler's list of workers, or None if it did not answer."""
        now = time.monotonic()
        if not self._link.connected:
            self._reconnect()
            return
        if workers is None:
            if now - self._answered > self._patience:
                raise self._link.gone()
            for member in self._members.values():
                member.changed = now  # without the scheduler, silence says nothing
            return
        self._answered = now
        for address in self._members.keys() - workers.keys():
            self._listeners.on_note(f"worker {self._members[address].label} has left")
            yield from self._forget(self._members.pop(address))
        for address, told in workers.items():
            member = self._members.setdefault(address, Member.of(address, told, now))
            if told["last_seen"] != member.seen:
                member.seen, member.changed = told["last_seen"], now
                if member.state == "silent":
                    self._members[address] = member.anew()
            elif now - member.changed > self._patience and member.state != "silent":
                self._listeners.on_note(f"worker {member.label} has been silent for {self._patience:g} s")
                yield from self._forget(member)
                member.state = "silent"
        self._open()

    def _open(self) -> None:
        for member in self._members.values():
            if member.state == "new":
                member.state = "opening"
                threading.Thread(target=self._opening, args=(member,), daemon=True).start()
        coming = any(member.state == "opening" for member in self._members.values())
        self._begun = self._begun or (bool(self._members) and not coming)

    def _opening(self, member: Member) -> None:
        try:
            answer: Any = opened(self._link, member, self._run, self._job, self._parcels)
        except Exception as error:
            answer = error
        self._events.put((self._opened, member, answer))

    def _opened(self, member: Member, answer: Environment | str | Exception) -> Iterator[Ended]:
        """Handle a worker's answer to the start of its host."""
        if self._members.get(member.address) is member and member.state == "opening":
            if isinstance(answer, Environment):
                member.environment, member.state = answer, "ready"
            elif isinstance(answer, str) and not self._begun:
                raise InputError(f"worker {member.label} cannot run the trials: {answer}")
            elif isinstance(answer, str) or member.tries + 1 >= _TRIES:
                self._listeners.on_note(f"worker {member.label} takes no part in the run: {answer}")
                member.state = "refused"
            else:
                self._members[member.address] = member.anew()
            self._open()
        yield from ()

    def _done(self, member: Member, key: str, future: Future[Any]) -> Iterator[Ended]:
        """Handle a future that has ended: fetch its outcome, or start over what it belonged to."""
        if self._is_current(member, key):
            if future.status == "finished":
                self._threads.submit(self._fetch, member, key, future)
            elif future.cancelled():
                self._reconnect()
            else:
                yield from self._start_anew(member)

    def _fetch(self, member: Member, key: str, future: Future[Any]) -> None:
        try:
            told = pickle.loads(future.result(timeout=self._patience))  # noqa: S301  see member.opened
        except Exception:  # the worker or the connection was lost meanwhile
            told = worker.Told()
        self._events.put((self._fetched, member, key, told))

    def _fetched(self, member: Member, key: str, told: worker.Told) -> Iterator[Ended]:
        """Handle an outcome that has arrived, or the loss of its host."""
        if not self._is_current(member, key):
            return
        if told.ended is None:
            yield from self._start_anew(member)
            return
        item, future = member.given.pop(key)
        member.started.pop(key, None)
        member.tries = 0
        future.release()
        self._dealer.ended(item)
        if told.printed:
            self._listeners.on_output(item, told.printed)
        yield item, told.ended

    def _is_current(self, member: Member, key: str) -> bool:
        return self._members.get(member.address) is member and key in member.given

    # Losses.

    def _start_anew(self, member: Member) -> Iterator[Ended]:
        """Give a worker whose host ended another host, unless the worker itself has left."""
        if not self._link.connected:
            self._reconnect()
            return
        yield from self._forget(member)
        self._members[member.address] = member.anew()

    def _forget(self, member: Member) -> Iterator[Ended]:
        """Take back the trials of a worker; those that have used up their attempts end as lost."""
        ran = [item for key, (item, _) in member.given.items() if key in member.started]
        waited = [item for key, (item, _) in member.given.items() if key not in member.started]
        started = self._taken_from(member)
        for item in self._dealer.left(member.token, ran, waited):
            yield item, lost(item, Lost("crash", "worker lost"), member.environment, started[item.trial.key])

    def _taken_from(self, member: Member) -> dict[str, str]:
        started = dict(member.started)
        for _, future in member.given.values():
            future.release()
        member.given.clear()
        member.started.clear()
        return started

    def _reconnect(self) -> None:
        """Connect again; the trials under way run once more, which does not count as an attempt."""
        self._listeners.on_note(
            f"the connection to the scheduler is lost; the run tries to connect again for {self._patience:g} s"
        )
        for member in self._members.values():
            items = [item for item, _ in member.given.values()]
            self._taken_from(member)
            self._dealer.left(member.token, (), items)
        self._members.clear()
        self._link.again(self._patience)
        self._answered = self._busy = time.monotonic()
        self._listeners.on_note("the connection to the scheduler is back")
