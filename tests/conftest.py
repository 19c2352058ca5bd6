"""What tests of several folders share."""

import os
import signal

# Before NumPy or PyTorch is imported: each test worker has one core, and threads that share a core wait for each other.
os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
)
# A shell that runs the tests in its background has them ignore interrupts, and what they start inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)
