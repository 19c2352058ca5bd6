"""Ends processes together with all that they have started, so that none outlives its owner."""

import ctypes
import os
import re
import signal
import sys
import time
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 1, 4, 36  # prctl(2)
_TRIES = 100


def adopt_orphans() -> None:
    """Become the parent of the processes that a child leaves behind (Linux)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def stand_alone() -> None:
    """Put this process into a group of its own, to be ended with its parent, and first when memory runs out."""
    if hasattr(os, "setsid"):
        os.setsid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with suppress(ImportError, ValueError, OSError):  # not POSIX
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash must not leave a core dump of gigabytes
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def keep_to_itself() -> None:
    """Keep other processes of this user from reading this one's memory and open files (Linux)."""
    _prctl(_PR_SET_DUMPABLE, 0)


def children(pid: int | None) -> list[psutil.Process]:
    """The living descendants of a process."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def cpu_seconds() -> float:
    """Processor seconds of this process's living descendants, and of those descendants' children that have ended."""
    try:
        return sum(_cpu_seconds(pid) for pid in _started(os.getpid()))
    except OSError:  # not Linux
        times = [one.cpu_times() for one in children(os.getpid())]
        return float(sum(sum(time[:2]) + sum(time[2:4]) for time in times))


def _started(pid: int) -> list[int]:
    """The children of a process, from Linux's own list, which is faster than a look at all processes."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _cpu_seconds(pid: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
        return own + sum(map(_cpu_seconds, _started(pid)))
    return 0.0


def memory_kills() -> int:
    """How many processes this system has killed because it ran out of memory (Linux; 0 elsewhere)."""
    try:
        found = re.search(r"^oom_kill (\d+)$", Path("/proc/vmstat").read_text(), flags=re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0


def end_group(process: BaseProcess) -> list[psutil.Process]:
    """Kill a child of this process with its group, and return the descendants that it had."""
    started = children(process.pid)
    if hasattr(os, "killpg") and process.pid is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()
    return started


def end(process: BaseProcess) -> None:
    """Kill the only child of this process with its group and all its descendants."""
    started = end_group(process)
    for _ in range(_TRIES):  # on Linux, the processes that it left behind are now children of this process
        for one in started:
            with suppress(psutil.Error):
                one.kill()
        _reap()
        started = children(os.getpid())
        if not started:
            return
        time.sleep(0.01)


def _reap() -> None:
    with suppress(ChildProcessError):
        while hasattr(os, "WNOHANG") and os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _prctl(option: int, value: int) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
