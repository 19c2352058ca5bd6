"""Kill runs of a small study at random moments, and check that no record is lost and none is written twice.

The script starts ``benchbench run`` again and again on one study and ends it with SIGKILL, SIGTERM, SIGHUP or SIGINT.
Half of the signals come at any moment after the start, the others while the run writes records. A signal goes to the
process alone, or to all of its group, as from a terminal. After each kill, the lines that were written before must be
there, and an orderly end must have exit code 128 + signal and no traceback (a command that has printed its last line
may end by the signal itself). When the study is complete, the script checks that each trial has one record, that each
checksum is right, and that no process and no temporary file is left, and starts again in an empty folder. Run it from
the checkout: ``python benchmarks/scripts/kills.py --kills 1000``. The exit code is 1 if something was lost, written
twice or left behind.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from benchbench.core import store
from benchbench.core.lines import Seal

STUDY = """
name = "kills"
lengths = [20]
seeds = 10
[[budgets]]
name = "few"
width = 4
updates = 4
[tasks.noisy_sine]
samples = 200
[architectures.gru]
[architectures.esn]
[architectures.linear]
[architectures.mean]
"""
TRIALS = 40
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
PATIENCE = 120.0  # seconds that a command may take to end


@dataclass
class Tally:
    """The counts of what has happened so far."""

    kills: Counter[str] = field(default_factory=Counter)
    studies: int = 0
    records: int = 0
    too_late: int = 0
    faults: list[str] = field(default_factory=list)

    def expect(self, holds: bool, fault: str) -> None:
        """Count a fault, and print it at once."""
        if not holds:
            self.faults.append(fault)
            print(f"FAULT: {fault}", flush=True)


class Study:
    """One study from its first run until all its trials are recorded."""

    def __init__(self, place: Path, jobs: int) -> None:
        self.place, self.jobs = place, jobs
        self.records = place / "results" / "records" / "kills"
        self.temporary = place / "tmp"
        self.temporary.mkdir(parents=True)
        (place / "kills.toml").write_text(STUDY)
        self.written = b""

    def start(self) -> subprocess.Popen[bytes]:
        """Start the command in a process group of its own."""
        arguments = ["run", "kills.toml", "--jobs", str(self.jobs), "--machine", "here"]
        path = os.pathsep.join(filter(None, (str(Path.cwd()), os.environ.get("PYTHONPATH"))))
        surroundings = {**os.environ, "TMPDIR": str(self.temporary), "PYTHONPATH": path}
        with (self.place / "said").open("wb") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "benchbench", *arguments],
                cwd=self.place,
                env=surroundings,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        """The output of the last command."""
        return (self.place / "said").read_text()

    def ended(self) -> int:
        """How many trials have ended according to the output of the running command."""
        return self.said.count(" few cpu: ")

    def grown(self) -> bool:
        """Whether the earlier lines are still at the beginning of the file, unchanged."""
        file = self.records / "here.jsonl"
        content = file.read_bytes() if file.exists() else b""
        before, self.written = self.written, content[: content.rfind(b"\n") + 1]
        return content.startswith(before)

    def complete(self) -> bool:
        """Whether each trial has a record."""
        return self.written.count(b"\n") >= TRIALS

    def left(self) -> list[str]:
        """The processes and temporary files that the runs have left behind."""
        found = psutil.process_iter(["pid", "environ", "cmdline"])
        processes = [one.info["cmdline"] for one in found if self._is_mine(one.info["environ"])]
        return [" ".join(line) for line in processes] + [one.name for one in self.temporary.iterdir()]

    def _is_mine(self, environ: dict[str, str] | None) -> bool:
        return (environ or {}).get("TMPDIR", "").startswith(str(self.temporary))


def strike(study: Study, tally: Tally, rng: np.random.Generator, whole: float) -> None:
    """Start the command, and end it at a random moment; ``whole`` is the length of an undisturbed run in seconds."""
    number, group, later = SIGNALS[rng.integers(len(SIGNALS))], rng.random() < 0.5, rng.random() < 0.5
    run, began = study.start(), time.monotonic()
    if later:
        ended = rng.integers(1, 10)
        while run.poll() is None and study.ended() < ended:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.1))
    else:
        time.sleep(rng.uniform(0.1, whole))
    if run.poll() is not None:
        tally.too_late += 1
    else:
        (os.killpg if group else os.kill)(run.pid, number)
        tally.kills[number.name] += 1
    name = f"{number.name} to {'the group' if group else 'the process'} after {time.monotonic() - began:.2f} s"
    try:
        code = run.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        run.kill()
        tally.expect(False, f"{name}: it ran on")
        return
    over = "Next: benchbench report" in study.said  # Python, on its way out, has no handlers any more
    expected = {0, -number if number == signal.SIGKILL else 128 + number, *([-number] if over else [])}
    tally.expect(code in expected, f"{name}: exit code {code}, it said {study.said[-300:]!r}")
    tally.expect("Traceback" not in study.said, f"{name}: {study.said!r}")
    tally.expect(study.grown(), f"{name}: lines that were written have changed")


def finish(study: Study, tally: Tally) -> None:
    """Let the study run to its end, and check all of it."""
    code = study.start().wait(PATIENCE)
    tally.expect(code == 0, f"the last run: exit code {code}, it said {study.said[-300:]!r}")
    tally.expect(study.grown(), "the last run: lines that were written have changed")
    lines = store.read(study.place / "results", "kills")
    keys = Counter(line.record.trial.key for line in lines)
    tally.expect(len(keys) == TRIALS, f"{len(keys)} of {TRIALS} trials have a record")
    tally.expect(max(keys.values()) == 1, f"recorded twice: {[key for key, count in keys.items() if count > 1]}")
    tally.expect(all(line.seal == Seal.WHOLE for line in lines), "a checksum does not hold")
    until = time.monotonic() + 5  # seconds for what was killed to be gone
    while (left := study.left()) and time.monotonic() < until:
        time.sleep(0.1)
    tally.expect(not left, f"left behind: {left}")
    wrong = [line.record.message for line in lines if line.record.status != "ok"]
    tally.expect(not wrong, f"trials that a kill has spoilt: {wrong}")
    tally.studies, tally.records = tally.studies + 1, tally.records + len(lines)


def kill(place: Path, kills: int, jobs: int, tally: Tally, rng: np.random.Generator) -> None:
    """Kill this many times; each study has a folder of its own in ``place``."""
    study, start = Study(place / "0", jobs), time.monotonic()
    finish(study, tally)
    whole = time.monotonic() - start
    while tally.kills.total() < kills:
        shutil.rmtree(study.place)
        study = Study(place / str(tally.studies), jobs)
        while tally.kills.total() < kills and not study.complete():
            strike(study, tally, rng, whole)
        finish(study, tally)
        print(f"{tally.kills.total()} kills, {tally.records} records, {len(tally.faults)} faults", flush=True)


def main() -> int:
    """Kill until the number is reached, and print the counts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2, help="trials in parallel")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the moments and signals")
    asked = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):  # in the background, or under nohup, they may be ignored
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    tally, began = Tally(), time.monotonic()
    place = Path(tempfile.mkdtemp(prefix="kills-"))
    try:
        with suppress(KeyboardInterrupt):  # what has been seen until then counts
            kill(place, asked.kills, asked.jobs, tally, np.random.default_rng(asked.seed))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    signals = ", ".join(f"{count} {name}" for name, count in sorted(tally.kills.items()))
    print(
        f"{tally.kills.total()} kills ({signals}) in {time.monotonic() - began:.0f} s; {tally.too_late} came too late"
    )
    print(f"{tally.studies} studies complete, {tally.records} records, each trial once, {len(tally.faults)} faults")
    return bool(tally.faults)


if __name__ == "__main__":
    sys.exit(main())
