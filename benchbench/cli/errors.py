"""How the program ends: a wrong study is one message and exit code 2, an interrupt 130, a fault of the system 1."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchbench.cli.console import err, say


@contextmanager
def clear_ends() -> Iterator[None]:
    """Turn the errors that a user can mend into one message and an exit code; any other keeps its traceback."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as end:
        if isinstance(end, SystemExit) and end.code != 130:  # typer turns an interrupt into this code
            raise
        say("interrupted; what is finished is kept: the same command goes on from here", err)
        sys.exit(130)
    except Exception as error:
        from benchbench.core.errors import InputError

        if isinstance(error, InputError):
            say(str(error), err)
            sys.exit(2)
        if isinstance(error, OSError):
            place = f"{error.filename}: " if error.filename else ""
            say(f"{place}{error.strerror or error}", err)
            sys.exit(1)
        raise
