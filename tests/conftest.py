"""What tests of several folders share."""

import os
import signal
import time
from pathlib import Path

import pytest

# Before NumPy or PyTorch is imported: each test worker has one core, and threads that share a core wait for each other.
os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
)
# A shell that runs the tests in its background has them ignore interrupts, and what they start inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def gone():
    """Tells whether a process ends within a few seconds; a zombie has ended."""

    def wait(pid):
        for _ in range(100):
            try:
                os.kill(pid, 0)
                if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                    return True
            except (ProcessLookupError, FileNotFoundError):
                return True
            time.sleep(0.05)
        return False

    return wait
