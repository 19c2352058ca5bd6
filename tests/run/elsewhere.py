"""An executor whose trials run on other machines, as far as this machine can stand in for them.

Each machine is a plain Python process with a label, a working folder and a temporary folder of its own. It shares
nothing with the run but two pipes, through which pickled trials and outcomes go. Run as a module, this file is the
worker.
"""

import dataclasses
import os
import pickle
import queue
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from benchbench.core.errors import InputError
from benchbench.core.record import Environment
from benchbench.isolation.supervisor import Lost
from benchbench.run.executor import Local
from benchbench.run.job import lost

ROOT = Path(__file__).parents[2]
_END = None  # in place of an item: there is none left


class Elsewhere:
    """Runs trials on the machines with these labels, each with a temporary folder of its own in ``place``."""

    many_machines = True

    def __init__(self, place, *machines):
        self.place, self.machines = place, machines

    def prepare(self, job): ...

    def map(self, job, items, *, on_start, on_output):
        heard, waiting = queue.Queue(), queue.Queue()
        for item in items:
            waiting.put(item)
        left = waiting.qsize()
        hosts = [_Host(self.place / name, dataclasses.replace(job, machine=name, jobs=1)) for name in self.machines]
        all_of_them = tuple(hosts)
        for host in hosts:
            threading.Thread(target=host.work, args=(waiting, heard), daemon=True).start()
        try:
            while left:
                kind, item, what = heard.get()
                if kind == "start":
                    on_start(item)
                elif kind == "output":
                    on_output(item, what)
                elif kind == "gone":
                    hosts = [host for host in hosts if host is not what]
                    if not hosts:
                        raise ChildProcessError("all machines are gone")
                elif isinstance(what, InputError):
                    raise what
                else:
                    left -= 1
                    yield item, what
        finally:
            for host in all_of_them:
                host.close()


class _Host:
    """One machine: a process, and the messages to it."""

    def __init__(self, folder, job):
        folder.mkdir(exist_ok=True)
        self.job, self.item = job, None
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.run.elsewhere"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def work(self, waiting, heard):
        """Give the machine a trial whenever it has none; if it crashes, its trial is lost and the others continue."""
        try:
            self._send(self.job)
            while True:
                kind, item, what = pickle.load(self.process.stdout)  # noqa: S301  our own
                if kind == "next":
                    self.item = _next(waiting)
                    self._send(self.item)
                    continue
                if kind == "end":
                    return
                if kind == "ended":
                    self.item = None
                heard.put((kind, item, what))
        except (EOFError, OSError, ValueError):  # it has ended, or the run has
            if self.item is not None:
                gone = Lost("crash", f"the machine {self.job.machine} is gone")
                now = datetime.now(UTC).isoformat(timespec="seconds")
                known = Environment(machine=self.job.machine, threads=self.job.threads, jobs=self.job.jobs)
                heard.put(("ended", self.item, lost(self.item, gone, known, now)))
            heard.put(("gone", None, self))

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

    def _send(self, what):
        self.process.stdin.write(pickle.dumps(what))
        self.process.stdin.flush()


def _next(waiting):
    try:
        return waiting.get_nowait()
    except queue.Empty:
        return _END


def _worker():
    """The program of the machine: it runs trials with this machine's own executor as they arrive."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # output of the trial is not an answer

    def say(*what):
        answers.write(pickle.dumps(what))
        answers.flush()

    def items():
        while True:
            say("next", None, None)
            item = pickle.load(sys.stdin.buffer)  # noqa: S301  our own
            if item is _END:
                return
            yield item

    job = pickle.load(sys.stdin.buffer)  # noqa: S301  our own
    try:
        for item, outcome in Local().map(
            job,
            items(),
            on_start=lambda item: say("start", item, None),
            on_output=lambda item, text: say("output", item, text),
        ):
            say("ended", item, outcome)
    except InputError as error:
        say("ended", None, error)
    except EOFError:  # the run has ended before its trials
        return
    say("end", None, None)


if __name__ == "__main__":
    _worker()
