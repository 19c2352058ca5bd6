"""A long study needs no more files and processes than a short one, and memory for its records alone."""

import os
import sys

import psutil
import pytest

from benchbench import run_study
from benchbench.core.record import Status

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="told by Linux")
MEAN = "[architectures.mean]"
RECORD, SLACK = 64 * 2**10, 4 * 2**20  # bytes: that ``run_study`` keeps of each trial, and of the allocator


def means():
    """Open files, processes, and resident bytes of this process, and of those below it that outlive a trial."""
    me = psutil.Process()
    below = me.children(recursive=True)
    keepers = [one for one in below if os.getsid(one.pid) == one.pid or one.ppid() == me.pid]
    return me.num_fds(), len(keepers), me.memory_info().rss


@pytest.mark.parametrize("trials", [60, pytest.param(1000, marks=pytest.mark.long)])
def test_a_long_study_needs_no_more_files_and_processes_and_memory_for_its_records_alone(study, tmp_path, trials):
    file = study(MEAN)
    file.write_text(file.read_text().replace("seeds = 1", f"seeds = {trials}"))
    seen = []
    records = run_study(file, tmp_path / "r", jobs=2, on_record=lambda _: seen.append(means()))
    assert {(record.status, record.message) for record in records} == {(Status.OK, "")}
    files, processes, memory = zip(*seen, strict=True)
    early = slice(trials // 10, trials // 2)
    late = slice(trials // 2, trials)
    assert max(files[late]) <= max(files[early])
    assert max(processes[late]) <= max(processes[early])
    assert max(memory[late]) - max(memory[early]) < RECORD * trials / 2 + SLACK
