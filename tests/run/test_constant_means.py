"""A long study needs no more files, processes and memory than a short one while it runs."""

import contextlib
import os
import sys
from statistics import median

import psutil
import pytest

from benchbench import run_study
from benchbench.core.record import Status

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="told by Linux")
MEAN = "[architectures.mean]"
SLACK = 4 * 2**20  # bytes by which the allocator's memory may vary


def means():
    """The number of open files, the number of lasting processes below this one, and this one's resident bytes."""
    me = psutil.Process()
    below = me.children(recursive=True)
    return me.num_fds(), sum(map(stays, below)), me.memory_info().rss


def stays(process):
    """Whether a process below this one leads a session or is its child; one that has just ended does not."""
    with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
        return os.getsid(process.pid) == process.pid or process.ppid() == os.getpid()
    return False


@pytest.mark.long
def test_a_long_study_needs_no_more_files_processes_and_memory(study, tmp_path):
    trials = 200
    file = study(MEAN)
    file.write_text(file.read_text().replace("seeds = 1", f"seeds = {trials}"))
    seen = []
    records = run_study(file, tmp_path / "r", jobs=2, on_record=lambda _: seen.append(means()))
    assert {(record.status, record.message) for record in records} == {(Status.OK, "")}
    files, processes, memory = zip(*seen, strict=True)
    early = slice(trials // 10, trials // 2)
    late = slice(trials // 2, trials)
    # What leaks stays, hence the middle: the busiest moment of a half is chance.
    assert median(files[late]) <= median(files[early]) + 1
    assert median(processes[late]) <= median(processes[early]) + 1
    assert max(memory[late]) - max(memory[early]) < SLACK
