"""Seconds of what a comparison is made of, from benchbench.workloads, by the address that earlier commits have too."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from benchbench.learn.device import available

ARCHITECTURES, LENGTHS, DEVICES = ["rnn", "lstm", "gru", "esn"], [100, 200, 300], ["cpu", "cuda"]


def skip_without(device: str) -> None:
    """Raise the error by which asv skips a benchmark, if this machine does not have the device."""
    if device not in available():
        raise NotImplementedError(f"no {device} here")


@cache
def made(workload: str, *params: Any, **options: Any) -> Callable[[], None]:
    """A workload, prepared once: asv calls setup before every call that it times."""
    from benchbench.run import workloads

    workloads.prepare()
    return getattr(workloads, workload)(*params, **options)


class _Timed:
    """Samples of single calls, for two seconds in one process, since starting one costs more than that."""

    rounds = 1
    repeat = (5, 50, 2.0)
    warmup_time = 0.2
    work: Callable[[], None]


class _Network(_Timed):
    params: ClassVar = [ARCHITECTURES, LENGTHS, DEVICES]
    param_names: ClassVar = ["architecture", "length", "device"]
    workload: str

    def setup(self, architecture: str, length: int, device: str) -> None:
        skip_without(device)
        self.work = made(self.workload, architecture, length, device=device)


class Update(_Network):
    """One update on 64 sequences."""

    workload = "update"

    def time_update(self, *_: Any) -> None:
        self.work()


class Predict(_Network):
    """One prediction pass over 64 sequences."""

    workload = "predict"

    def time_predict(self, *_: Any) -> None:
        self.work()


class Generate(_Network):
    """One free run of 100 steps from 64 starts."""

    workload = "generate"

    def time_generate(self, *_: Any) -> None:
        self.work()


class _Native(_Timed):
    """The same on the engine numba; the classes above are on torch."""

    params: ClassVar = [["rnn", "lstm", "gru"], LENGTHS]
    param_names: ClassVar = ["architecture", "length"]
    workload: str

    def setup(self, architecture: str, length: int) -> None:
        self.work = made(self.workload, architecture, length, engine="numba")


class UpdateNumba(_Native):
    """One update on 64 sequences."""

    workload = "update"

    def time_update(self, *_: Any) -> None:
        self.work()


class PredictNumba(_Native):
    """One prediction pass over 64 sequences."""

    workload = "predict"

    def time_predict(self, *_: Any) -> None:
        self.work()


class GenerateNumba(_Native):
    """One free run of 100 steps from 64 starts."""

    workload = "generate"

    def time_generate(self, *_: Any) -> None:
        self.work()


class Data(_Timed):
    """Making one problem."""

    params: ClassVar = [["mackey_glass", "lorenz", "noisy_sine", "cosine", "ecg_synthetic"], LENGTHS]
    param_names: ClassVar = ["task", "length"]

    def setup(self, task: str, length: int) -> None:
        self.work = made("data", task, length)

    def time_data(self, *_: Any) -> None:
        self.work()


class Solve(_Timed):
    """One readout solve from the states of 64 sequences, 300 units."""

    params: ClassVar = [LENGTHS, DEVICES]
    param_names: ClassVar = ["length", "device"]

    def setup(self, length: int, device: str) -> None:
        skip_without(device)
        self.work = made("solve", length, device=device)

    def time_solve(self, *_: Any) -> None:
        self.work()


class Report(_Timed):
    """Writing one report, from the records of sixteen short trials."""

    def setup_cache(self) -> str:
        """The results folder; asv keeps the folder that it calls this in."""
        from benchbench.run.workloads import trained

        results = Path.cwd() / "results"
        trained(results, lengths=[100, 200], seeds=2, updates=5)
        return str(results)

    def setup(self, results: str) -> None:
        from benchbench import write_report

        self.work = made("report", write_report, "speed", Path(results))

    def time_report(self, _: str) -> None:
        self.work()
