"""The functions that a run calls on a Dask worker: they start a host, which runs the trials, and pass on its answers.

They run in the worker's process and do not import PyTorch.
"""

import os
import pickle
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import dask.config
from distributed import get_worker

from benchbench.run.cluster import versions
from benchbench.run.cluster.luggage import Depot, Parcel, moved, redirected
from benchbench.run.job import Job, Scheduled

_LOOK = 0.5  # seconds between two looks at whether the run still waits for a trial
_HOST = "benchbench.run.cluster.host"
_END = 10.0  # seconds for a host to clean up
_HOSTS: dict[str, "_Host"] = {}


class Told(NamedTuple):
    """The host's answer on a trial: an Outcome or an InputError (None if the host is lost), and what it printed."""

    ended: Any = None
    printed: str = ""


def about() -> dict[str, str]:
    """The versions that must equal the run's."""
    return versions.own()


def missing(parcels: tuple[Parcel, ...]) -> list[str]:
    """The SHA-256 of the files that this worker lacks."""
    return _depot().missing(parcels)


def receive(name: str, part: bytes, first: bool, last: bool) -> None:
    """Store a part of a file."""
    _depot().add(name, part, first=first, last=last)


def opened(run: str, token: str, content: bytes, parcels: tuple[Parcel, ...]) -> bytes:
    """Start a host for a job, in place of any earlier host of the run.

    Returns its pickled Environment, or a pickled text that says why it cannot run trials.
    """
    job: Job = pickle.loads(content)  # noqa: S301  from the run
    closed(run)
    folder = Path(tempfile.mkdtemp(prefix="benchbench-host-", dir=get_worker().local_directory))
    places = _depot().unpacked(parcels, folder / "files")
    host = _Host(run, moved(job, places, str(folder)), places, folder)
    _HOSTS[token] = host
    return pickle.dumps(host.arrived())


def ran(token: str, content: bytes) -> bytes:
    """Run a trial, and return a pickled ``Told``."""
    host = _HOSTS.get(token)
    if host is None:
        return pickle.dumps(Told())
    item: Scheduled = pickle.loads(content)  # noqa: S301  from the run
    told = host.asked(item)
    if told.ended is None:
        host.close()
    return pickle.dumps(told)


def closed(run: str) -> None:
    """End the hosts of a run."""
    for token in [token for token, host in _HOSTS.items() if host.run == run]:
        _HOSTS.pop(token).close()


def _depot() -> Depot:
    return Depot(Path(get_worker().local_directory) / "benchbench-files")


class _Host:
    """The worker's end of a host: its process, and the queues of the threads that wait for its answers."""

    def __init__(self, run: str, job: Job, places: dict[str, str], folder: Path) -> None:
        self.run, self._places, self._folder = run, places, folder
        self._waiting: dict[str, tuple[Scheduled, queue.SimpleQueue[Told]]] = {}
        self._printed: dict[str, str] = {}
        self._arrived: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._sending = threading.Lock()
        theirs, to_them = os.pipe()
        from_them, mine = os.pipe()
        self._process = subprocess.Popen(  # noqa: S603  this package, in this interpreter
            [sys.executable, "-c", f"from {_HOST} import main; main()"],
            stdin=theirs,
            stdout=mine,
            env=_environment(),
            start_new_session=True,
        )
        os.close(theirs)
        os.close(mine)
        self._to, self._from = Connection(to_them, readable=False), Connection(from_them, writable=False)
        self._send(job)
        threading.Thread(target=self._listen, daemon=True).start()

    def arrived(self) -> Any:
        """Wait for the machine's Environment, or a text that says why trials cannot run here."""
        while True:
            try:
                return self._arrived.get(timeout=_LOOK)
            except queue.Empty:
                if _unwanted():
                    self.close()

    def asked(self, item: Scheduled) -> Told:
        """Run a trial, and wait for its end as long as the run waits for it."""
        box: queue.SimpleQueue[Told] = queue.SimpleQueue()
        there = item._replace(trial=redirected(item.trial, self._places))
        self._waiting[there.trial.key] = item, box
        if not self._send(there):
            return Told()
        while True:
            try:
                return box.get(timeout=_LOOK)
            except queue.Empty:
                if _unwanted() or self._process.poll() is not None:
                    return Told()

    def close(self) -> None:
        """End the host, and clean up in the background."""
        threading.Thread(target=self._close).start()

    def _close(self) -> None:
        with self._sending:
            self._to.close()
        try:
            self._process.wait(_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _send(self, what: Any) -> bool:
        with self._sending:
            try:
                self._to.send(what)
            except OSError:  # it has ended, or been closed
                return False
        return True

    def _listen(self) -> None:
        """Pass each answer on to the thread that waits for it."""
        try:
            while True:
                kind, key, what = self._from.recv()
                if kind in {"ready", "refused"}:
                    self._arrived.put(what)
                elif kind == "output":
                    self._printed[key] = what
                elif kind == "ended":
                    item, box = self._waiting.pop(key)
                    box.put(Told(_as_asked(item, what), self._printed.pop(key, "")))
        except (EOFError, OSError):
            self._arrived.put("the process that runs its trials ended at once; the worker's own output says why")


def _as_asked(item: Scheduled, outcome: Any) -> Any:
    """The same outcome with the trial as the study has it, without this machine's paths."""
    record = getattr(outcome, "record", None)
    return outcome if record is None else outcome._replace(record=record.model_copy(update={"trial": item.trial}))


def _unwanted() -> bool:
    """Whether the run has ended, or has cancelled this task."""
    worker = get_worker()
    task = worker.state.tasks.get(worker.get_current_task())
    return task is None or task.state == "cancelled"


def _environment() -> dict[str, str]:
    """The worker's environment variables, without those that its nanny set for the worker alone."""
    given: dict[str, Any] = {}
    for name in ("environ", "pre-spawn-environ"):
        given |= dask.config.get(f"distributed.nanny.{name}", {})
    return {name: value for name, value in os.environ.items() if str(given.get(name)) != value}
