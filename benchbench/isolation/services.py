"""Services for items' processes: for each key one process that answers messages and outlives the item.

One broker forks these services, and hands each client a connection to the service of a key. Neither the broker nor its
services are ancestors of the items' processes, so that these inherit nothing of their memory and open files: all that
an item's process has is one socket to one service.
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


class ClientId(NamedTuple):
    """A client of a service: its role, and the number of its connection."""

    role: str
    number: int


Service = Callable[[ClientId, Any], Any]
"""Answers a message of a client."""

CONNECTION_LOST = (EOFError, OSError)  # what a connection raises after its other end has closed


class Reply(NamedTuple):
    """An answer, and what the service has printed since its last one."""

    answer: Any
    printed: str


class ServiceExit(NamedTuple):
    """How the last service of a key ended: its exit code, None if it lives or is unknown, and what it printed."""

    code: int | None
    printed: str


class ConnectionRequest(NamedTuple):
    """Asks the broker for a connection to the service of a key; the service works for this client on these cores.

    A service that does not run yet is made for the ``item``.
    """

    role: str
    key: str
    item: Any
    cores: tuple[int, ...] = ()


class ServiceConnection(NamedTuple):
    """A connection to a service, and the number of the service's process."""

    pipe: Connection
    pid: int

    def ask(self, message: Any, patience: float | None = None) -> Any:
        """The answer to a message.

        Raises EOFError or OSError if the service has ended, or does not answer within ``patience`` seconds.
        """
        self.pipe.send(message)
        if not self.pipe.poll(patience):
            raise TimeoutError(f"no answer within {patience:g} s")
        return self.pipe.recv().answer


@dataclass(frozen=True, kw_only=True)
class Address:
    """The address of a broker, which accepts only clients that know the ``secret``."""

    place: str
    secret: bytes

    def connect(self, request: ConnectionRequest) -> ServiceConnection:
        """Connect to the service of a key, which is started if it does not run yet."""
        with Client(self.place, "AF_UNIX", authkey=self.secret) as broker:
            broker.send(request)
            pid = broker.recv()
            return ServiceConnection(Connection(recv_handle(broker)), pid)

    def exit_of(self, key: str) -> ServiceExit:
        """How the last service of a key ended."""
        with Client(self.place, "AF_UNIX", authkey=self.secret) as broker:
            broker.send(key)
            found: ServiceExit = broker.recv()
            return found

    @classmethod
    def inside(cls, folder: str) -> "Address":
        """A new address in a folder."""
        return cls(place=str(Path(folder) / "services"), secret=secrets.token_bytes(32))


@dataclass(frozen=True, kw_only=True)
class Broker:
    """Starts services: in a service's process, ``service`` makes from an item the function that answers messages.

    ``prepare`` is called once, to load what all services need. The ``most`` services that were used last are kept.
    """

    address: Address
    service: Callable[[Any], Service]
    prepare: Callable[[], None] | None
    enter: Callable[[], None]
    most: int

    def serve(self, owner: Connection) -> None:
        """Connect clients until the owner has ended; send None to the owner once ready."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the owner decides
        os.setsid()
        self.enter()
        _silence(1, 2)
        if self.prepare is not None:
            self.prepare()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a plug-in may have set it
        services = _ServiceProcesses(self, owner.fileno())
        with suppress(FileNotFoundError):
            Path(self.address.place).unlink()  # left by a broker that was killed
        with Listener(self.address.place, "AF_UNIX", backlog=64, authkey=self.address.secret) as listener:
            owner.send(None)
            socket = listener._listener._socket  # type: ignore[attr-defined]
            services.private.append(socket.fileno())
            while owner not in (ready := wait([owner, socket, *services.sentinels()])):
                services.note_exits()
                if socket in ready:
                    with suppress(Exception):  # such as a client that has ended or does not know the secret
                        services.receive(listener.accept())
            services.close()


class _ServiceProcess(NamedTuple):
    process: BaseProcess
    control: Connection
    output: SharedFile


class _ServiceProcesses:
    """The services of a broker by their keys, the one used last at the end."""

    def __init__(self, broker: Broker, *private: int) -> None:
        self.private = [*private]  # descriptors that services must not inherit
        self._broker = broker
        self._open: dict[str, _ServiceProcess] = {}
        self._ended: dict[str, ServiceExit] = {}
        self._leaving: list[_ServiceProcess] = []

    def sentinels(self) -> list[int]:
        return [service.process.sentinel for service in (*self._open.values(), *self._leaving)]

    def note_exits(self) -> None:
        """Note how services have ended, and drop them."""
        for key, service in list(self._open.items()):
            if service.process.exitcode is not None:
                self._ended[key] = ServiceExit(service.process.exitcode, service.output.text())
                _forget(self._open.pop(key))
        for service in [one for one in self._leaving if one.process.exitcode is not None]:
            self._leaving.remove(service)
            _forget(service)

    def receive(self, client: Connection) -> None:
        """Connect a client with a service."""
        with client:
            request = client.recv()
            if not isinstance(request, ConnectionRequest):
                client.send(self._exit_of(request))
                return
            service = self._open.pop(request.key, None) or self._started(request, client)
            self._open[request.key] = service
            mine, theirs = Pipe()
            with mine, theirs:
                service.control.send((request.role, request.cores))
                send_handle(service.control, mine.fileno(), service.process.pid)
                client.send(service.process.pid)
                send_handle(client, theirs.fileno(), os.getpid())
        for key in list(self._open)[: -self._broker.most]:
            leaving = self._open.pop(key)
            leaving.control.close()  # it ends when its clients have left
            self._leaving.append(leaving)

    def close(self) -> None:
        for service in (*self._open.values(), *self._leaving):
            _forget(service)

    def _exit_of(self, key: str) -> ServiceExit:
        if key in self._open:
            self._open[key].process.join(1)
            self.note_exits()
        return self._ended.get(key, ServiceExit(None, ""))

    def _started(self, request: ConnectionRequest, client: Connection) -> _ServiceProcess:
        mine, theirs = Pipe()
        output = SharedFile()
        others = [client, mine, *(service.control for service in self._open.values())]
        inherited = [*self.private, *(other.fileno() for other in others)]
        args = (self._broker.service, request.item, theirs, output, inherited)
        process = get_context("fork").Process(target=_serve_clients, args=args)
        process.start()
        theirs.close()
        return _ServiceProcess(process, mine, output)


def _forget(service: _ServiceProcess) -> None:
    service.control.close()
    service.output.close()
    process_tree.end_group(service.process)


def _serve_clients(
    make: Callable[[Any], Service], item: Any, control: Connection, output: SharedFile, inherited: list[int]
) -> None:
    """Run in a service's process: answer clients until all have left and the broker sends no more."""
    process_tree.stand_alone()
    _silence(*inherited)  # so that a connection ends when the broker closes its own end
    descriptor = output.attach()
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    faulthandler.enable(2)  # a crash says where
    try:
        _ServiceLoop(make, item, control, output).serve()
    finally:
        flush()
    os._exit(0)


class _ServiceLoop:
    """The loop of a service's process."""

    def __init__(self, make: Callable[[Any], Service], item: Any, control: Connection, output: SharedFile) -> None:
        self._make, self._item, self._output = make, item, output
        self._control: Connection | None = control
        self._answer: Service | None = None
        self._clients: dict[Connection, tuple[ClientId, tuple[int, ...]]] = {}
        self._numbers = count()

    def serve(self) -> None:
        while self._clients or self._control:
            for one in wait([*self._clients, *([self._control] if self._control else [])]):
                if one is self._control:
                    self._admit(self._control)
                elif isinstance(one, Connection):
                    self._answer_client(one)

    def _admit(self, control: Connection) -> None:
        try:
            role, cores = control.recv()
            self._clients[Connection(recv_handle(control))] = ClientId(role, next(self._numbers)), cores
        except CONNECTION_LOST:
            self._control = None

    def _answer_client(self, client: Connection) -> None:
        try:
            message = client.recv()
        except CONNECTION_LOST:
            del self._clients[client]
            return
        known, cores = self._clients[client]
        if cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, cores)
        if self._answer is None:
            self._answer = self._make(self._item)
            process_tree.keep_to_itself()
        answer = self._answer(known, message)
        flush()
        with suppress(*CONNECTION_LOST):
            client.send(Reply(answer, self._output.text()))
        self._output.clear()


def _silence(*descriptors: int) -> None:
    """Discard what this process writes to these descriptors."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
