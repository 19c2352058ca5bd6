"""Real Dask schedulers and workers on loopback, each in a process of its own, and faults of them."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
_START = 120.0  # seconds


class Cluster:
    """A scheduler on a port of its own, and workers as they are asked for, all with their files in ``folder``."""

    def __init__(self, folder, **variables):
        folder.mkdir(exist_ok=True)
        self.folder, self._processes = folder, {}
        self._variables = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.start_scheduler()

    def start_scheduler(self):
        self._start("scheduler", "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        wait_for(lambda: _answers(self.port), "the scheduler")

    def worker(self, name, *options, variables=None, nanny=False):
        """Start a worker with one thread."""
        more = [] if nanny else ["--no-nanny"]
        self._start(
            name, "worker", self.address, "--name", name, "--nthreads", "1", "--no-dashboard", "--memory-limit", "0",
            "--local-directory", str(self.folder / name), *more, *options, variables=variables or {},
        )  # fmt: skip
        return self

    def ready(self, *names):
        """Wait until the scheduler knows these workers; a run waits only for its own patience."""
        for name in names:
            wait_for(lambda name=name: "Registered to" in self.log(name), f"worker {name}")
        return self

    def _start(self, name, *arguments, variables=None):
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                env={**self._variables, **(variables or {})},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def send(self, name, number):
        self._processes[name].send_signal(number)

    def kill(self, name):
        self._processes[name].kill()
        self._processes[name].wait()

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()

    def pid(self, name):
        return self._processes[name].pid

    def close(self):
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
        for process in reversed(self._processes.values()):
            with suppress(psutil.Error):
                for child in psutil.Process(process.pid).children(recursive=True):
                    with suppress(psutil.Error):
                        child.kill()
            process.kill()
            process.wait()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(what, name, seconds=_START):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, f"{name} did not come within {seconds} s"
        time.sleep(0.05)


def _answers(port):
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
