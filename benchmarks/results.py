"""Scores and memory of short trials, and what a trial and an import cost; lower is better everywhere."""

import statistics
import subprocess
import sys
import time
from typing import ClassVar

Place = tuple[str, int, str]
"""Architecture, length, device."""


class Trained:
    """Each architecture after 100 updates on Mackey-Glass, on every device of this machine."""

    params: ClassVar = [["rnn", "lstm", "gru", "esn"], [100, 200, 300], ["cpu", "cuda"]]
    param_names: ClassVar = ["architecture", "length", "device"]
    timeout = 1800

    def setup_cache(self) -> dict[Place, dict[str, float]]:
        """The tracked numbers, from trials that run once for all of them."""
        from benchbench.learn.device import available
        from benchbench.run.workloads import trained

        records = trained("results", devices=available(), updates=100)
        return {
            (record.trial.architecture, record.trial.length, record.trial.device): {
                "peak": record.spent.device_peak_bytes or record.spent.peak_bytes,
                "test_mse": record.scores["test_mse"],
                "one_minus_r2": 1 - record.scores["test_r2"],
            }
            for record in records
        }

    def setup(self, tracked: dict[Place, dict[str, float]], *place: str | int) -> None:
        if place[-1] not in {device for *_, device in tracked}:
            raise NotImplementedError(f"no {place[-1]} here")

    def track_peak_memory(self, tracked: dict[Place, dict[str, float]], *place: str | int) -> float:
        return tracked[place]["peak"]

    def track_test_mse(self, tracked: dict[Place, dict[str, float]], *place: str | int) -> float:
        return tracked[place]["test_mse"]

    def track_one_minus_r2(self, tracked: dict[Place, dict[str, float]], *place: str | int) -> float:
        return tracked[place]["one_minus_r2"]

    track_peak_memory.unit = "bytes"
    track_test_mse.unit = "MSE"
    track_one_minus_r2.unit = "1 - R2"


def track_import(module: str) -> float:
    """Seconds of an import beyond those of Python itself: median of three new processes."""
    pairs = [(_seconds(f"import {module}"), _seconds("")) for _ in range(3)]
    return statistics.median(loaded - bare for loaded, bare in pairs)


def _seconds(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def track_trial_overhead() -> float:
    """Seconds of a trial outside of its fit."""
    from benchbench.run.workloads import trial_overhead

    return trial_overhead()


track_import.params = ["benchbench.cli", "benchbench.report.write", "benchbench.run.trial"]
track_import.param_names = ["module"]
track_import.unit = track_trial_overhead.unit = "s"
