"""How much resident memory a fit added at its peak (Linux; None elsewhere).

Never ``ru_maxrss``: a child inherits its parent's peak through exec.
"""

import re
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def reset_peak() -> int | None:
    """Start a new peak (proc(5): 5 into clear_refs resets VmHWM); the resident bytes now, or None."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return None
    return _field("VmRSS")


def added_since(baseline: int | None) -> int | None:
    """Bytes by which the resident set rose above ``baseline`` at its peak since the reset."""
    return None if baseline is None else max(0, _field("VmHWM") - baseline)


def _field(name: str) -> int:
    found = re.search(rf"^{name}:\s*(\d+) kB$", _STATUS.read_text(), flags=re.MULTILINE)
    if found is None:
        raise OSError(f"{_STATUS} has no {name}")
    return int(found[1]) * 1024
