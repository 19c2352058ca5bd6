"""The settings of glibc's allocator, which are the same for all competitors.

With the default thresholds, each training step may return its buffers to the kernel and fault them in again. How often
it does depends on what ran before, so the seconds that this takes belong to no competitor (mallopt(3)).
"""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h
_TRIM_BYTES, _MMAP_BYTES = 2**30, 2**25  # 32 MiB is the most that glibc takes
KEEPS = f"glibc: trim above {_TRIM_BYTES >> 20} MiB, mmap above {_MMAP_BYTES >> 20} MiB"
DEFAULT = "default"


def keep_freed() -> str:
    """Set the allocator to keep freed memory in the process.

    Returns the settings as a text for the record, or ``default`` where they could not be set.
    """
    libc = _glibc()
    if libc is None:
        return DEFAULT
    done = libc.mallopt(_MMAP_THRESHOLD, _MMAP_BYTES) and libc.mallopt(_TRIM_THRESHOLD, _TRIM_BYTES)
    return KEEPS if done else DEFAULT


def give_back() -> None:
    """Return freed memory to the kernel, so that it does not hide what a fit adds."""
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
