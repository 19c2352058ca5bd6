"""What runs trials on a worker's machine: a process of its own, which does as a run on one machine does.

A Dask worker under a nanny is daemonic: it may have no children through multiprocessing, so it starts this by
``subprocess``. It is given a job and trials on its standard input, and answers on its standard output, all pickled. It
ends, with all that it keeps, when its input does.
"""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from benchbench.core.errors import InputError
from benchbench.core.origins import Origin
from benchbench.isolation.inbox import Inbox
from benchbench.isolation.pool import isolated_map, start_server
from benchbench.isolation.supervisor import Lost
from benchbench.run import origins
from benchbench.run.executor import Local
from benchbench.run.job import PRELOAD, Job, Scheduled, inside
from benchbench.run.place import look


@dataclass(frozen=True)
class _Arrival:
    """Loads the plug-ins of a job as they are on this machine."""

    job: Job

    def __call__(self, _: None) -> InputError | None:
        """What is wrong with them, or None: one cannot be loaded, or is another one than that of the run."""
        try:
            with inside(self.job.folder):
                known = self.job.load()
                for origin, source in self.job.files.items():
                    if origin.option is None:
                        plugin = known.get("task" if origin.kind == "task" else "architecture", origin.name)
                        _refuse_another(origin, source, plugin.version, origins.of_function(plugin.function))
        except InputError as error:
            return error
        return None


def _refuse_another(origin: Origin, source: origins.Source, version: int, found: origins.Source | None) -> None:
    what = f"{origin.kind} {origin.name!r}"
    if version != origin.version:
        raise InputError(f"{what} version {version} where the run has version {origin.version}")
    if found is None or found.sha256 != source.sha256:
        raise InputError(f"{what}: its file {source.name} is another one than that of the run")


def main() -> None:
    """Serve the worker until it closes the input."""
    worker, answers = Connection(os.dup(0), writable=False), Connection(os.dup(1), readable=False)
    os.dup2(2, 1)  # what anybody prints is no answer
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # an orderly end, as that by Ctrl-C is on one machine
    with suppress(KeyboardInterrupt, BrokenPipeError):
        _serve(worker, lambda *what: answers.send(what))


def _serve(worker: Connection, say: Callable[[str, str, Any], None]) -> None:
    job: Job = worker.recv()
    inbox: Inbox[Scheduled] = Inbox()
    threading.Thread(target=_read, args=(worker, inbox), daemon=True).start()
    start_server(PRELOAD)
    try:
        _check_plugins(job)
        local = Local(looked=[look(job)])
    except InputError as error:
        say("refused", "", str(error))
        return
    say("ready", "", local.looked[0])
    run = local.map(job, inbox, on_output=lambda item, text: say("output", item.trial.key, text))
    with closing(run):
        for item, outcome in run:
            say("ended", item.trial.key, outcome)


def _check_plugins(job: Job) -> None:
    [(_, fault)] = isolated_map(_Arrival(job), [None], threads=job.threads)
    if isinstance(fault, Lost):
        raise InputError(f"the plug-ins cannot be loaded there: {fault.reason}")
    if fault is not None:
        raise fault


def _read(worker: Connection, inbox: Inbox[Scheduled]) -> None:
    """Take in trials; the end of the input ends this process."""
    try:
        while True:
            inbox.put(worker.recv())
    except (EOFError, OSError):
        os.kill(os.getpid(), signal.SIGTERM)
