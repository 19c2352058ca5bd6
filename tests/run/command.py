"""The command line in a process of its own that is forked from this one.

It uses this process's server of trials, which has PyTorch loaded already: a command that is to be killed begins at
once, and not after seconds.
"""

import os
import signal
import sys
import tempfile
import time
from multiprocessing import forkserver

from benchbench.cli import main
from benchbench.isolation.pool import start_server
from benchbench.run.job import PRELOAD
from benchbench.run.runner import run_study

_PATIENCE = 60.0  # seconds

assert run_study  # the verb would import it


class Command:
    """``benchbench`` with ``arguments``; ``limit`` bytes for each file that it writes."""

    def __init__(self, arguments, *, limit=None):
        start_server(PRELOAD)
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  it is open as long as the command
        self._status = None
        self.pid = os.fork()
        if not self.pid:
            _be([str(argument) for argument in arguments], self._output.fileno(), limit)

    def send(self, number):
        """Send it a signal."""
        os.kill(self.pid, number)

    def ended(self):
        """Its exit code, once it has ended; it is negative if a signal ended the command."""
        until = time.monotonic() + _PATIENCE
        while self._status is None and time.monotonic() < until:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        assert self._status is not None, "it runs on"
        return self._status

    @property
    def said(self):
        """What it has printed."""
        self._output.seek(0)
        return self._output.read().decode()


def _be(arguments, output, limit):
    """Be the command, and nothing else."""
    code = 70
    try:
        for stream in (1, 2):
            os.dup2(output, stream)
        sys.stdin, sys.stdout, sys.stderr = open(os.devnull), open(1, "w"), open(2, "w")  # noqa: SIM115, PTH123
        signal.signal(signal.SIGINT, signal.default_int_handler)
        server = forkserver._forkserver
        forkserver.ensure_running = server.ensure_running = lambda: None  # it is not this process's child
        if limit is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        sys.argv = ["benchbench", *arguments]
        main()
    except SystemExit as end:
        code = end.code or 0
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)
