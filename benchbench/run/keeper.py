"""One process that keeps others: it forks each item's own, watches it, and ends it with all that it started.

It has everything imported, one thread and no device context, so that a fork costs milliseconds. It ends when the
process that it works for does.
"""

import faulthandler
import gc
import os
import pickle
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe, get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Literal

import psutil

from benchbench.run import kin
from benchbench.run.blame import Frame, place

THREAD_LIMITS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
_LOOK = 0.25  # seconds between two looks at a process, for its end
_MEMORY_LOOK, _SHARE = 0.05, 50  # the same for its memory; looking takes at most 1/50 of the time
_LAST_WORDS = 0.5  # seconds for a process to say where it is when it is told to end
_KEPT = 2**20  # bytes that are kept of what an item prints
_DUMPED = re.compile(r'  File "(.+)", line (\d+) in (.+)')  # faulthandler
_DUMP = re.compile(r"^(?:Current thread|Thread) 0x.*:\n((?:  File .*\n)+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an item may take: ``seconds`` from start to end, ``memory`` in resident bytes beyond a fresh process."""

    seconds: float | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Lost:
    """What is left of an item whose process ended without a result."""

    cause: Literal["timeout", "memory", "crash"]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a process would have inherited from its caller but not from the server; its cores and threads."""

    folder: str = field(default_factory=lambda: str(Path.cwd()))
    variables: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    cores: tuple[int, ...] = ()
    threads: int = 1

    def enter(self) -> None:
        """Take them over, all but the cores."""
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update({**self.variables, **dict.fromkeys(THREAD_LIMITS, str(self.threads))})


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """Runs ``function`` on what it receives, an item at a time, each in a process of its own.

    ``prepare`` is called once; what it loads, each item's process has.
    """

    function: Callable[[Any], Any]
    prepare: Callable[[], None] | None
    limits: Limits
    surroundings: Surroundings
    forks: bool = "fork" in get_all_start_methods()

    def serve(self, caller: Connection) -> None:
        """Say None once ready, or why not; then answer each item with (its pickled result or Lost, what it printed).

        Ends when the caller has gone.
        """
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller decides
        with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # it has gone
            try:
                output = self._start()
            except Exception as error:
                caller.send(f"the process that keeps the trials did not start: {type(error).__name__}: {error}")
                return
            try:
                caller.send(None)
                while True:
                    item = caller.recv()
                    output.clear()
                    caller.send((self._run(item, caller, output), output.text()))
            finally:
                output.close()

    def _start(self) -> "_Output":
        if hasattr(os, "setsid"):
            os.setsid()
        self.surroundings.enter()
        kin.adopt_orphans()
        output = _Output()
        if self.prepare is not None:
            self.prepare()
        gc.freeze()  # a collection before each fit need not walk what is loaded
        return output

    def _run(self, item: Any, caller: Connection, output: "_Output") -> bytes | Lost:
        receiver, sender = Pipe(duplex=False)
        context: Any = get_context("fork" if self.forks else "spawn")
        process: BaseProcess = context.Process(target=_work, args=(sender, caller, self, item, output.name))
        process.start()
        sender.close()  # so that the end of the process is the end of the stream
        try:
            return self._watch(process, receiver, caller, output)
        finally:
            kin.end(process)
            receiver.close()

    def _watch(self, process: BaseProcess, receiver: Connection, caller: Connection, output: "_Output") -> bytes | Lost:
        start, pause = time.monotonic(), _MEMORY_LOOK if self.limits.memory else _LOOK
        kills = kin.memory_kills()
        while True:
            left = start + (self.limits.seconds or float("inf")) - time.monotonic()
            ready = wait([receiver, process.sentinel, caller], max(0.0, min(pause, left)))
            ended = process.exitcode is not None  # asked first: what it sent before it ended is there
            if receiver.poll():
                with suppress(EOFError, OSError):  # it died, perhaps while sending
                    return receiver.recv_bytes()
                return _ended(process, output, kills)
            if ended:  # what it left behind may hold the pipe open
                return _ended(process, output, kills)
            if caller in ready:
                raise EOFError
            if left <= 0:
                return Lost("timeout", f"killed after {self.limits.seconds:g} s{_last_words(process, output)}")
            if self.limits.memory is not None:
                look = time.monotonic()
                grown = _grown(process)
                if grown > self.limits.memory:
                    limit = f"{self.limits.memory / 2**20:,.0f} MiB"
                    said = _last_words(process, output)
                    return Lost("memory", f"killed: it held {grown / 2**20:,.0f} MiB, the limit is {limit}{said}")
                pause = max(_MEMORY_LOOK, _SHARE * (time.monotonic() - look))


class _Output:
    """A file that takes what an item's process prints, and what this one does."""

    def __init__(self) -> None:
        descriptor, self.name = tempfile.mkstemp(prefix="benchbench-")
        os.close(descriptor)
        redirect(self.name)

    def clear(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os.truncate(self.name, 0)

    def text(self) -> str:
        """What was printed; of very much, its beginning and its end."""
        with Path(self.name).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            if size <= _KEPT:
                return file.read().decode(errors="replace")
            head = file.read(_KEPT // 2)
            file.seek(-_KEPT // 2, os.SEEK_END)
            tail = file.read()
        cut = f"\n[... {size - _KEPT:,} bytes are left out ...]\n"
        return head.decode(errors="replace") + cut + tail.decode(errors="replace")

    def close(self) -> None:
        Path(self.name).unlink(missing_ok=True)


def redirect(file: str) -> None:
    """Let all that this process prints go to the end of a file."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)


def _work(sender: Connection, caller: Connection, keeper: Keeper, item: Any, output: str) -> None:
    """What an item's own process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    caller.close()
    kin.stand_alone()
    if not keeper.forks:
        redirect(output)
        keeper.surroundings.enter()
    if keeper.surroundings.cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, keeper.surroundings.cores)
    faulthandler.enable()  # a crash says where
    try:
        result = pickle.dumps(keeper.function(item))
    except BaseException as error:  # a KeyboardInterrupt can only be the item's own
        result = pickle.dumps(Lost("crash", f"{type(error).__name__}: {error}"))
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # the item may have closed it
            stream.flush()
    sender.send_bytes(result)
    sender.close()
    os._exit(0)  # threads that are left end here


def _ended(process: BaseProcess, output: _Output, kills: int) -> Lost:
    process.join(1)
    code = process.exitcode
    if code == -9 and kin.memory_kills() > kills:
        return Lost("memory", "killed by the system, which ran out of memory")
    if code is None:
        return Lost("crash", "the process closed the pipe for its result")
    cause = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return Lost("crash", f"the process ended without a result: {cause}{_where(output)}")


def _last_words(process: BaseProcess, output: _Output) -> str:
    """Where a process was when it was told to end, for the message."""
    if process.pid is not None and hasattr(signal, "SIGABRT"):
        with suppress(OSError):
            os.kill(process.pid, signal.SIGABRT)
        process.join(_LAST_WORDS)
    return _where(output)


def _where(output: _Output) -> str:
    """Where the thread that had the fault was, as faulthandler printed it, for the message."""
    dumps = sorted(_DUMP.finditer(output.text()), key=lambda dump: dump[0].startswith("Current"))
    frames = [
        Frame(file, int(line), function) for dump in dumps[-1:] for file, line, function in _DUMPED.findall(dump[1])
    ]
    return place(frames[::-1])


def _grown(process: BaseProcess) -> int:
    """Resident bytes that a process and its children hold, each beyond the size of a fresh one, which is this one's."""
    total, fresh = 0, psutil.Process().memory_info().rss
    with suppress(psutil.Error):
        for one in (psutil.Process(process.pid), *kin.children(process.pid)):
            with suppress(psutil.Error):
                total += max(0, one.memory_info().rss - fresh)
    return total
