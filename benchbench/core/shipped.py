"""The studies that come with the package, and where a study's file is."""

from importlib import resources
from pathlib import Path

from benchbench.core.errors import InputError, nearest, short


def shipped() -> dict[str, Path]:
    """The files of the studies that come with the package, by name; a study in a folder is ``folder/name``."""
    folder = Path(str(resources.files("benchbench") / "studies"))
    files = {file.relative_to(folder).with_suffix("").as_posix(): file for file in folder.rglob("*.toml")}
    return dict(sorted(files.items()))


def folders() -> set[str]:
    """The names of the folders that hold shipped studies."""
    return {name.partition("/")[0] for name in shipped() if "/" in name}


def find(study: str) -> Path:
    """The TOML file of a study, given as a shipped name or as a path; InputError where there is no such file."""
    if study in shipped():
        return shipped()[study]
    path = Path(study)
    try:
        exists, is_file = path.exists(), path.is_file()
    except OSError:  # the name is too long
        exists = is_file = False
    if path.suffix != ".toml" and not exists:
        raise _unknown(study)
    if not is_file:
        raise InputError(f"study {short(study)}: {'not a file' if exists else 'no such file'}")
    return path


def _unknown(study: str) -> InputError:
    known = shipped()
    near = ", ".join(nearest(study, known))
    ways = "`benchbench list studies` shows all; a study of your own is given as its file, such as my_signal.toml"
    return InputError(f"unknown study {short(study)}. Nearest of those shipped: {near}; {ways}")
