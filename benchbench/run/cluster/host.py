"""The host: the process that runs trials on a worker's machine, in the same way as a run on one machine.

A Dask worker under a nanny is daemonic and may not start children with ``multiprocessing``, so it starts the host with
``subprocess``. The host reads a job and trials from its standard input and answers on its standard output, all pickled.
When its input is closed, it ends with all the processes that it started.
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
    """Loads the plug-ins of a job from the files of this machine."""

    job: Job

    def __call__(self, _: None) -> InputError | None:
        """Return an error if a plug-in cannot be loaded or differs from the run's, else None."""
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
        raise InputError(f"{what} has version {version} there, but version {origin.version} in the run")
    if found is None or found.sha256 != source.sha256:
        raise InputError(f"{what}: its file {source.name} differs from the file of the run")


def main() -> None:
    """Serve the worker until it closes the input."""
    worker, answers = Connection(os.dup(0), writable=False), Connection(os.dup(1), readable=False)
    os.dup2(2, 1)  # so that printed text never mixes with the answers
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up as after Ctrl-C on one machine
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
        raise InputError(f"the worker cannot load the plug-ins: {fault.reason}")
    if fault is not None:
        raise fault


def _read(worker: Connection, inbox: Inbox[Scheduled]) -> None:
    """Put the trials that arrive into the inbox; when the input is closed, end this process."""
    try:
        while True:
            inbox.put(worker.recv())
    except (EOFError, OSError):
        os.kill(os.getpid(), signal.SIGTERM)
