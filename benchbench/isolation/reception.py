"""What items' processes talk to: for each key a process of its own, which outlives the item.

One reception, started once, forks these desks, and hands whoever comes a connection to the desk of a key. It and its
desks are no ancestors of the processes of items: nothing of their memory or of their open files is there, and the
processes of items have one socket to one desk.
"""

import faulthandler
import os
import secrets
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Client, Connection, Listener, wait
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path
from typing import Any, NamedTuple

from benchbench.isolation import process_tree
from benchbench.isolation.shared_file import SharedFile, flush


class Visitor(NamedTuple):
    """One connection to a desk: the role in which it came, and its number among all that came."""

    role: str
    number: int


Answer = Callable[[Visitor, Any], Any]
"""Answers a message of a visitor."""

GONE = (EOFError, OSError)  # what a connection raises whose other end has gone


class Told(NamedTuple):
    """An answer, and what the desk has printed since the last."""

    answer: Any
    printed: str


class Ended(NamedTuple):
    """How the last desk of a key ended: its exit code, None where it lives or nobody knows, and what it printed."""

    code: int | None
    printed: str


class Caller(NamedTuple):
    """Who comes to the reception: for an item, with a key, in a role; the desk works for it on these cores."""

    role: str
    key: str
    item: Any
    cores: tuple[int, ...] = ()


class Visit(NamedTuple):
    """A connection to a desk, and the desk's process."""

    connection: Connection
    pid: int

    def ask(self, message: Any, patience: float | None = None) -> Any:
        """The answer to a message; EOFError or OSError where the desk has gone, or says nothing for so many seconds."""
        self.connection.send(message)
        if not self.connection.poll(patience):
            raise TimeoutError(f"no answer within {patience:g} s")
        return self.connection.recv().answer


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a reception is; only who knows the ``secret`` is let in."""

    place: str
    secret: bytes

    def visit(self, caller: Caller) -> Visit:
        """A connection to the desk of a key, which is made for the item where there is none."""
        with Client(self.place, "AF_UNIX", authkey=self.secret) as door:
            door.send(caller)
            pid = door.recv()
            return Visit(Connection(recv_handle(door)), pid)

    def ended(self, key: str) -> Ended:
        """How the last desk of a key ended."""
        with Client(self.place, "AF_UNIX", authkey=self.secret) as door:
            door.send(key)
            found: Ended = door.recv()
            return found

    @classmethod
    def inside(cls, folder: str) -> "Address":
        """A new one in a folder."""
        return cls(place=str(Path(folder) / "desk"), secret=secrets.token_bytes(32))


@dataclass(frozen=True, kw_only=True)
class Reception:
    """Makes desks: ``desk`` makes of an item what answers messages, in the desk's process.

    ``prepare`` is called once; what it loads, each desk has. As many as ``most`` desks are kept, those used last.
    """

    address: Address
    desk: Callable[[Any], Answer]
    prepare: Callable[[], None] | None
    enter: Callable[[], None]
    most: int

    def serve(self, owner: Connection) -> None:
        """Let visitors in until the owner has gone; say None once ready."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the owner decides
        os.setsid()
        self.enter()
        _silence(1, 2)
        if self.prepare is not None:
            self.prepare()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a plug-in may have set it
        desks = _Desks(self, owner.fileno())
        with suppress(FileNotFoundError):
            Path(self.address.place).unlink()  # of one that was killed
        with Listener(self.address.place, "AF_UNIX", backlog=64, authkey=self.address.secret) as listener:
            owner.send(None)
            door = listener._listener._socket  # type: ignore[attr-defined]
            desks.private.append(door.fileno())
            while owner not in (ready := wait([owner, door, *desks.sentinels()])):
                desks.bury()
                if door in ready:
                    with suppress(Exception):  # whoever knocks and goes again
                        desks.receive(listener.accept())
            desks.close()


class _Desk(NamedTuple):
    process: BaseProcess
    control: Connection
    output: SharedFile


class _Desks:
    """The desks of a reception by their keys, the one used last at the end."""

    def __init__(self, reception: Reception, *private: int) -> None:
        self.private = [*private]  # descriptors that no desk needs
        self._reception = reception
        self._open: dict[str, _Desk] = {}
        self._ended: dict[str, Ended] = {}
        self._leaving: list[_Desk] = []

    def sentinels(self) -> list[int]:
        return [desk.process.sentinel for desk in (*self._open.values(), *self._leaving)]

    def bury(self) -> None:
        """Take note of desks that have ended."""
        for key, desk in list(self._open.items()):
            if desk.process.exitcode is not None:
                self._ended[key] = Ended(desk.process.exitcode, desk.output.text())
                _forget(self._open.pop(key))
        for desk in [one for one in self._leaving if one.process.exitcode is not None]:
            self._leaving.remove(desk)
            _forget(desk)

    def receive(self, door: Connection) -> None:
        """Hand a visitor over to a desk."""
        with door:
            caller = door.recv()
            if not isinstance(caller, Caller):
                door.send(self._how_it_ended(caller))
                return
            desk = self._open.pop(caller.key, None) or self._made(caller, door)
            self._open[caller.key] = desk
            mine, theirs = Pipe()
            with mine, theirs:
                desk.control.send((caller.role, caller.cores))
                send_handle(desk.control, mine.fileno(), desk.process.pid)
                door.send(desk.process.pid)
                send_handle(door, theirs.fileno(), os.getpid())
        for key in list(self._open)[: -self._reception.most]:
            leaving = self._open.pop(key)
            leaving.control.close()  # it ends when its visitors have gone
            self._leaving.append(leaving)

    def close(self) -> None:
        for desk in (*self._open.values(), *self._leaving):
            _forget(desk)

    def _how_it_ended(self, key: str) -> Ended:
        if key in self._open:
            self._open[key].process.join(1)
            self.bury()
        return self._ended.get(key, Ended(None, ""))

    def _made(self, caller: Caller, door: Connection) -> _Desk:
        mine, theirs = Pipe()
        output = SharedFile()
        others = [door, mine, *(desk.control for desk in self._open.values())]  # those of desks that leave are closed
        inherited = [*self.private, *(other.fileno() for other in others)]
        args = (self._reception.desk, caller.item, theirs, output, inherited)
        process = get_context("fork").Process(target=_attend, args=args)
        process.start()
        theirs.close()
        return _Desk(process, mine, output)


def _forget(desk: _Desk) -> None:
    desk.control.close()
    desk.output.close()
    process_tree.end_group(desk.process)


def _attend(
    make: Callable[[Any], Answer], item: Any, control: Connection, output: SharedFile, inherited: list[int]
) -> None:
    """What a desk's process does: answer visitors until there are none, and none are sent any more."""
    process_tree.stand_alone()
    _silence(*inherited)  # so that the end of the reception's own is the end of a stream
    descriptor = output.attach()
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    faulthandler.enable(2)  # a crash says where
    try:
        _Attending(make, item, control, output).serve()
    finally:
        flush()
    os._exit(0)


class _Attending:
    """A desk at work."""

    def __init__(self, make: Callable[[Any], Answer], item: Any, control: Connection, output: SharedFile) -> None:
        self._make, self._item, self._output = make, item, output
        self._control: Connection | None = control
        self._answer: Answer | None = None
        self._visitors: dict[Connection, tuple[Visitor, tuple[int, ...]]] = {}
        self._numbers = count()

    def serve(self) -> None:
        while self._visitors or self._control:
            for one in wait([*self._visitors, *([self._control] if self._control else [])]):
                if one is self._control:
                    self._admit(self._control)
                elif isinstance(one, Connection):
                    self._attend_to(one)

    def _admit(self, control: Connection) -> None:
        try:
            role, cores = control.recv()
            self._visitors[Connection(recv_handle(control))] = Visitor(role, next(self._numbers)), cores
        except GONE:
            self._control = None

    def _attend_to(self, visitor: Connection) -> None:
        try:
            message = visitor.recv()
        except GONE:
            del self._visitors[visitor]
            return
        known, cores = self._visitors[visitor]
        if cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, cores)
        if self._answer is None:
            self._answer = self._make(self._item)
            process_tree.keep_to_itself()
        answer = self._answer(known, message)
        flush()
        with suppress(*GONE):
            visitor.send(Told(answer, self._output.text()))
        self._output.clear()


def _silence(*descriptors: int) -> None:
    """Let what this process writes there go nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
