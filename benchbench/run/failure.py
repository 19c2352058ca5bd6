"""What an exception of a competitor means: the status and the message of its record."""

import re
import traceback
from pathlib import Path
from typing import Any

import torch

from benchbench.core.errors import DivergedError, UnsupportedError
from benchbench.core.record import Status
from benchbench.isolation.fault_text import describe, without_paths

CAUGHT = (Exception, SystemExit)  # what a plug-in may raise without ending more than its trial
_NO_MEMORY = re.compile(r"can't allocate memory|error: out of memory|ALLOC_FAILED")  # torch, the driver, its libraries


def failed(error: BaseException, home: str) -> dict[str, Any]:
    """The fields ``status`` and ``message`` of a record; ``home`` is the file of the plug-in that is to be named."""
    return {"status": status_of(error), "message": without_paths(describe(error, home))}


def status_of(error: BaseException) -> Status:
    """The status that an exception means."""
    if isinstance(error, DivergedError):
        return Status.DIVERGED
    if declines(error):
        return Status.UNSUPPORTED
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)) or _NO_MEMORY.search(str(error)):
        return Status.OUT_OF_MEMORY
    return Status.FAILED


def declines(error: BaseException) -> bool:
    """Whether a learner says that it cannot do this problem: UnsupportedError, or its own NotImplementedError."""
    if not isinstance(error, NotImplementedError):
        return False
    frames = traceback.extract_tb(error.__traceback__)
    # torch raises the same where a module lacks its forward: that is a failure
    return isinstance(error, UnsupportedError) or not (frames and "torch" in Path(frames[-1].filename).parts)
