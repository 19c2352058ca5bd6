"""pytest-benchmark over the workloads: ``make bench`` measures them; otherwise each runs once as a test."""

import time

import pytest

from benchbench import workloads
from benchbench.learn.device import available
from benchbench.measure.machine import capture
from benchbench.run.runner import cores

FEWEST, MOST, SECONDS = 10, 30, 2.0  # rounds, and what they may take together
THREADS = 1


def pytest_benchmark_update_machine_info(config, machine_info):
    """Record the conditions of the times, and the kind of machine instead of its host name."""
    facts = capture(cores=cores(), jobs=1, threads=THREADS)
    machine_info["node"] = facts.machine
    told = ("gpu", "cores", "threads", "torch", "numpy", "benchbench")
    machine_info.update({name: getattr(facts, name) for name in told})


@pytest.fixture(scope="session")
def measured(pytestconfig):
    """Whether times are taken; the process then has the settings of a trial's process."""
    enabled = not pytestconfig.getoption("benchmark_disable")
    if enabled:
        workloads.prepare(THREADS)
    return enabled


@pytest.fixture
def timed(benchmark, measured):
    """Time a workload or, where no times are taken, run it once."""

    def run(work, **extra_info):
        benchmark.extra_info.update(extra_info)
        rounds = _rounds(work) if measured else 1
        benchmark.pedantic(work, rounds=rounds, warmup_rounds=1)

    return run


def _rounds(work):
    """The number of rounds for which there is time, judged by the second call: the first may compile and allocate."""
    work()
    start = time.perf_counter()
    work()
    return min(MOST, max(FEWEST, int(SECONDS / (time.perf_counter() - start))))


@pytest.fixture(scope="session")
def records(measured, tmp_path_factory):
    """The record of each architecture, length and device after a short fit; shorter still where no times are taken."""
    results = tmp_path_factory.mktemp("trained")
    size = {"updates": 100} if measured else {"lengths": (100,), "updates": 2, "samples": 1000}
    found = workloads.trained(results, devices=available(), **size)
    return results, {(one.trial.architecture, one.trial.length, one.trial.device): one for one in found}
