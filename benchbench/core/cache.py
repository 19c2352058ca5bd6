"""Where this user's computer keeps what can be made anew."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """The folder of this package in the user's cache; nothing is made there."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "benchbench"
