"""The folder for files that can be made again, in the user's cache."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """The path of this package's folder in the user's cache; the folder is not created."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "benchbench"
