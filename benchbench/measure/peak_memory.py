"""Peak memory: how much resident memory a fit added at its peak.

On Linux it is read from VmHWM, which writing 5 to clear_refs resets (proc(5)). On other systems, psutil samples the
resident memory every 5 ms and misses shorter peaks. ``ru_maxrss`` is of no use, since a child inherits its parent's
peak through exec.
"""

import re
import threading
from pathlib import Path

import psutil

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_PERIOD = 0.005  # seconds between samples


class Peak:
    """Measures the peak of resident memory from its creation until ``added`` is called; if ``sampled``, by sampling."""

    def __init__(self, *, sampled: bool = False) -> None:
        self._sampler = _Sampler() if sampled or not _reset() else None
        self._baseline = psutil.Process().memory_info().rss if self._sampler else _field("VmRSS")

    def added(self) -> int:
        """The bytes by which the resident set rose, at its peak, above its size at the start."""
        peak = self._sampler.stop() if self._sampler else _field("VmHWM")
        return max(0, peak - self._baseline)


class _Sampler:
    """A thread that samples the resident set and keeps its highest size in bytes."""

    def __init__(self) -> None:
        self._process, self._done = psutil.Process(), threading.Event()
        self._highest = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        self._done.set()
        self._thread.join()
        return self._highest

    def _watch(self) -> None:
        while True:
            self._highest = max(self._highest, self._process.memory_info().rss)
            if self._done.wait(_PERIOD):
                self._highest = max(self._highest, self._process.memory_info().rss)
                return


def instrument() -> str:
    """The name of the instrument that reads the peak on this system, for the record."""
    return "VmHWM" if _reset() else f"sampled every {_PERIOD:g} s"


def _reset() -> bool:
    try:
        _CLEAR.write_text("5")
    except OSError:  # not Linux, or not allowed
        return False
    return True


def _field(name: str) -> int:
    found = re.search(rf"^{name}:\s*(\d+) kB$", _STATUS.read_text(), flags=re.MULTILINE)
    if found is None:
        raise OSError(f"{_STATUS} has no {name}")
    return int(found[1]) * 1024
