"""The supervisor: a process that forks a process for each item, watches it, and ends it with all that it started.

It has everything imported, one thread and no device context, so that a fork takes milliseconds. It ends when the
process that started it ends.
"""

import faulthandler
import gc
import os
import pickle
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe, get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from benchbench.isolation import process_tree
from benchbench.isolation.fault_text import Frame, describe, place
from benchbench.isolation.phases import Phases, Seen
from benchbench.isolation.service_access import Cause, Link, ServiceAccess, Unopened, open_service
from benchbench.isolation.services import CONNECTION_LOST
from benchbench.isolation.shared_file import SharedFile, flush, write

THREAD_LIMITS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
_LOOK = 0.25  # seconds between two looks at a process, for its end
_MEMORY_LOOK, _SHARE = 0.05, 50  # the same for its memory; looking takes at most 1/50 of the time
_WHOLE, _NOT_KEPT = 99, 98  # exit codes of a process: its result is complete, or could not be written
_LAST_WORDS = 0.5  # seconds for a process that is killed to print where it is
_DUMPED = re.compile(r'  File "(.+)", line (\d+) in (.+)')  # faulthandler
_DUMP = re.compile(r"^(?:Current thread|Thread) 0x.*:\n((?:  File .*\n)+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of an item: ``seconds`` from start to end, ``memory`` in resident bytes beyond a new process's."""

    seconds: float | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Lost:
    """Stands for the result of an item whose process ended without one."""

    cause: Cause
    reason: str


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a forked process must take from the caller instead of the server: folder, variables, threads."""

    folder: str = field(default_factory=lambda: str(Path.cwd()))
    variables: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    threads: int = 1

    def enter(self) -> None:
        """Apply them to this process."""
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update({**self.variables, **dict.fromkeys(THREAD_LIMITS, str(self.threads))})


@dataclass(frozen=True, kw_only=True)
class Supervisor:
    """Runs ``function`` on the items that it receives, one at a time, each in a process of its own on the item's cores.

    ``prepare`` is called once, to load what all items need. With ``access``, the item's service is opened first, within
    the limits of an item, and ``function`` gets a Link as well. Each item gets an empty folder in ``work_folders``.
    """

    function: Callable[..., Any]
    prepare: Callable[[], None] | None
    access: ServiceAccess | None = None
    work_folders: str | None = None
    limits: Limits
    surroundings: Surroundings
    forks: bool = "fork" in get_all_start_methods()

    def serve(self, caller: Connection) -> None:
        """Serve the caller until it ends: for each item, send None when it begins, and then its answer.

        An answer is (the pickled result or Lost, what the item printed, the times of its phases), or a text that says
        why the supervisor cannot go on.
        """
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller decides
        with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # it has ended
            try:
                files = self._start()
            except Exception as error:
                caller.send(f"the process that supervises the trials did not start: {describe(error)}")
                return
            try:
                while True:
                    item, cores = caller.recv()
                    caller.send(None)
                    try:
                        answer: Any = self._answer(item, cores, caller, files)
                    except OSError as error:  # such as no memory for a fork
                        answer = f"the process that supervises the trials failed: {describe(error)}"
                    caller.send(answer)
            finally:
                files.close()

    def _start(self) -> "_Files":
        if hasattr(os, "setsid"):
            os.setsid()
        self.surroundings.enter()
        process_tree.adopt_orphans()
        files = _Files(self.forks)
        if self.prepare is not None:
            self.prepare()
        if hasattr(signal, "SIGCHLD"):
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a plug-in may have set it
        gc.freeze()  # so that a collection before each fit skips what is loaded
        return files

    def _answer(
        self, item: Any, cores: tuple[int, ...], caller: Connection, files: "_Files"
    ) -> tuple[bytes | Lost, str, Seen]:
        files.clear()
        phases, work = Phases(), _Work(self, item, cores, files, caller)
        result = self._run(work, phases) if self.access is None else self._run_with_service(self.access, work, phases)
        return result, files.output.text(), phases.seen

    def _run_with_service(self, access: ServiceAccess, work: "_Work", phases: Phases) -> bytes | Lost:
        """Open the item's service, and run the item with it."""
        item, caller, files = work.item, work.caller, work.files
        try:
            service = access.connect(item, work.cores)
        except CONNECTION_LOST:
            return Lost("crash", f"{access.what} has ended")
        with service.pipe, _work_folder(self.work_folders) as work_folder:
            try:
                write(
                    files.output.attach(),
                    open_service(service, caller, self.limits.seconds, self.limits.memory).encode(),
                )
            except Unopened as instead:
                if instead.result is not None:
                    write(files.output.attach(), instead.reason.encode())
                    return instead.result
                return Lost(instead.cause, f"{access.what}: {instead.reason}")
            except CONNECTION_LOST:
                if caller.poll():  # it is the caller that has ended
                    raise
                ended = access.address.exit_of(access.key(item))
                return Lost("crash", f"{access.what}: {_ending(ended.code or 0)}{_where(ended.printed)}")
            mine, theirs = Pipe()
            with mine:
                return self._run(work._replace(link=Link(service, theirs, work_folder), heard=mine), phases)

    def _run(self, work: "_Work", phases: Phases) -> bytes | Lost:
        work.files.result.clear()
        context: Any = get_context("fork" if self.forks else "spawn")
        process: BaseProcess = context.Process(target=work)
        process.start()
        if work.link is not None:
            work.link.listener.close()  # so that the streams end when the process ends
            work.link.service.pipe.close()
        try:
            lost = self._watch(process, work, phases)
        finally:
            phases.begin()
            process_tree.end(process)
        return lost or work.files.result.read() or Lost("crash", _ending(_WHOLE))

    def _watch(self, process: BaseProcess, work: "_Work", phases: Phases) -> Lost | None:
        """Wait for the end of a process, and listen to it; return why it was lost, or None."""
        caller, output, heard = work.caller, work.files.output, work.heard
        start, least = time.monotonic(), _MEMORY_LOOK if self.limits.memory else _LOOK
        pause = least
        kills = process_tree.memory_kills()
        handles = [one for one in (process.sentinel, caller, heard) if one is not None]
        while True:
            left = start + (self.limits.seconds or float("inf")) - time.monotonic()
            ready = wait(handles, max(0.0, min(pause, left)))
            if process.sentinel in ready:
                _settle(process)
                handles.remove(process.sentinel)  # the process may have closed its sentinel and still run
            if process.exitcode is not None:
                return _ended(process.exitcode, output, kills)
            if caller in ready:
                raise EOFError
            if heard is not None and heard in ready and not phases.heard(heard):
                handles.remove(heard)
            if left <= 0:
                return Lost("timeout", f"killed after {self.limits.seconds:g} s{_last_words(process, output)}")
            output.trim()
            look = time.monotonic()
            if self.limits.memory is not None and (held := _grown(process)) > self.limits.memory:
                limit = f"{self.limits.memory / 2**20:,.0f} MiB"
                said = _last_words(process, output)
                return Lost("memory", f"killed: it used {held / 2**20:,.0f} MiB, the limit is {limit}{said}")
            pause = max(least, _SHARE * (time.monotonic() - look))


class _Files:
    """The file for what an item's process and this one print, and the file for the item's result."""

    def __init__(self, forks: bool) -> None:
        self.output, self.result = SharedFile(named=not forks), SharedFile(named=not forks)
        self.redirect()

    def redirect(self) -> None:
        """Write all that this process prints to the output."""
        descriptor = self.output.attach()
        for stream in (1, 2):
            os.dup2(descriptor, stream)

    def clear(self) -> None:
        flush()
        self.output.clear()

    def close(self) -> None:
        self.output.close()
        self.result.close()


@contextmanager
def _work_folder(folder: str | None) -> Iterator[str | None]:
    """An empty folder for one item, removed afterwards."""
    if folder is None:
        yield None
        return
    work_folder = tempfile.mkdtemp(prefix="trial-", dir=folder)
    try:
        yield work_folder
    finally:
        shutil.rmtree(work_folder, ignore_errors=True)


class _Work(NamedTuple):
    """The work of an item's process; ``heard`` is the supervisor's end of the connection for phases."""

    supervisor: Supervisor
    item: Any
    cores: tuple[int, ...]
    files: _Files
    caller: Connection
    link: Link | None = None
    heard: Connection | None = None

    def __call__(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        supervisor, files = self.supervisor, self.files
        for connection in (self.caller, self.heard):
            if connection is not None:
                connection.close()
        process_tree.stand_alone()
        if not supervisor.forks:
            files.redirect()
            supervisor.surroundings.enter()
        if self.cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, self.cores)
        faulthandler.enable(2)  # so that a crash prints where it happened
        with suppress(Exception):  # so that text printed before a crash is not lost
            sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
        given = (self.item,) if self.link is None else (self.item, self.link)
        try:
            result = pickle.dumps(supervisor.function(*given))
        except BaseException as error:  # even a KeyboardInterrupt, which only the item itself can raise here
            result = pickle.dumps(Lost("crash", describe(error)))
        flush()
        try:
            write(files.result.attach(), result)
        except OSError:
            os._exit(_NOT_KEPT)
        os._exit(_WHOLE)  # also ends the threads that are left


def _ended(code: int, output: SharedFile, kills: int) -> Lost | None:
    if code == _WHOLE:
        return None
    if code == _NOT_KEPT:
        output.require_room()  # a full disk is not the item's fault: the error ends the run
    if code == -9 and process_tree.memory_kills() > kills:
        return Lost("memory", "killed by the system, which ran out of memory")
    return Lost("crash", f"{_ending(code)}{_where(output.text())}")


def _ending(code: int) -> str:
    names = {member.value: member.name for member in signal.Signals}
    cause = f"killed by {names.get(-code, f'signal {-code}')}" if code < 0 else f"exit code {code}"
    return f"the process ended without a result: {cause}"


def _last_words(process: BaseProcess, output: SharedFile) -> str:
    """Abort a process, and return where it was, for the message."""
    if process.pid is not None and hasattr(signal, "SIGABRT"):
        with suppress(OSError):
            os.kill(process.pid, signal.SIGABRT)
        _settle(process)
    return _where(output.text())


def _settle(process: BaseProcess) -> None:
    """Wait a little for the end; ``join`` would wait forever for a process that has closed its sentinel but runs on."""
    until = time.monotonic() + _LAST_WORDS
    while process.exitcode is None and time.monotonic() < until:
        time.sleep(0.002)


def _where(printed: str) -> str:
    """Where the faulty thread was, from what faulthandler printed, for the message."""
    dumps = sorted(_DUMP.finditer(printed), key=lambda dump: dump[0].startswith("Current"))
    if not dumps:
        return ""
    innermost_first = [Frame(file, int(line), function) for file, line, function in _DUMPED.findall(dumps[-1][1])]
    return place(innermost_first[::-1])


def _grown(process: BaseProcess) -> int:
    """Resident bytes of a process beyond those of this one, its parent, plus the unshared bytes of its children."""
    total, fresh = 0, psutil.Process().memory_info().rss
    with suppress(psutil.Error):
        total += max(0, psutil.Process(process.pid).memory_info().rss - fresh)
    for one in process_tree.children(os.getpid()):  # also orphans, which this process has adopted
        with suppress(psutil.Error):
            total += one.memory_full_info().uss if one.pid != process.pid else 0
    return total
