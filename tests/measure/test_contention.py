"""Other load on the cores of a trial."""

import os
import subprocess
import sys
import time

import pytest

from benchbench.isolation.pool import isolated_map
from benchbench.measure.contention import Reading, average, other_share, reading

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="told by Linux")


def test_the_share_of_others_is_the_busy_time_without_our_own():
    assert other_share(Reading(10.0, 1, 100.0, 5.0), Reading(12.0, 1, 101.5, 6.0)) == pytest.approx(0.25)
    assert other_share(Reading(10.0, 2, 100.0, 5.0), Reading(12.0, 2, 103.0, 6.0)) == pytest.approx(0.5)


def test_a_share_is_never_negative_and_is_unknown_without_readings():
    assert other_share(Reading(0.0, 1, 0.0, 0.0), Reading(1.0, 1, 0.5, 1.0)) == 0.0
    assert other_share(None, Reading(1.0, 1, 1.0, 1.0)) is None
    assert other_share(Reading(1.0, 16, 0.0, 0.0), Reading(1.1, 16, 0.1, 0.0)) is None
    assert other_share(Reading(1.0, 1, 0.0, 0.0), Reading(2.0, 1, 1.3, 0.0)) == 1.0


@LINUX
def test_busy_neighbours_on_the_same_core_are_detected():
    core = min(os.sched_getaffinity(0))
    burn = [sys.executable, "-c", f"import os; os.sched_setaffinity(0, {{{core}}})\nwhile True: pass"]
    burners = [subprocess.Popen(burn) for _ in range(2)]
    try:
        [(_, share)] = isolated_map(spin, [1.0])
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
    assert share > 0.2


def spin(seconds):
    start, until = reading(), time.monotonic() + seconds
    while time.monotonic() < until:
        pass
    return other_share(start, reading())


@LINUX
def test_the_load_of_the_system_is_read():
    assert average() >= 0
