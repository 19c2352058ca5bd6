"""How the program ends: exit code 2 for wrong input, 1 for an error of the system, 128 and more for a signal."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_ENDS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_SAID = {128 + number: "interrupted" if number == signal.SIGINT else f"ended by {number.name}" for number in _ENDS}
_KEPT = "finished trials are kept, and the same command continues from here"


@contextmanager
def at_once() -> Iterator[None]:
    """Let a signal end the process immediately while it imports and has nothing to clean up.

    An exception would not do, since libraries swallow one that is raised while they are imported.
    """
    before = {number: signal.signal(number, _end) for number in _asking()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def clear_ends() -> Iterator[None]:
    """Turn errors that a user can correct into one message and an exit code; others keep their tracebacks.

    The first signal that asks the process to end lets it clean up; a second one ends it immediately.
    """
    for number in _asking():
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else _leave)
    try:
        yield
    except KeyboardInterrupt:
        _said(128 + signal.SIGINT)
        sys.exit(128 + signal.SIGINT)
    except SystemExit as end:
        if isinstance(end.code, int) and end.code in _SAID:  # typer turns an interrupt into such a code
            _said(end.code, *getattr(end, "__notes__", ()))
        raise
    except Exception as error:
        _explained(error)
        raise
    finally:
        for number in _asking():
            signal.signal(number, _end)


@contextmanager
def advised(how: str) -> Iterator[None]:
    """After a signal in this block, print ``how`` to continue, since the same command would not continue."""
    try:
        yield
    except KeyboardInterrupt:
        end = SystemExit(128 + signal.SIGINT)
        end.add_note(how)
        raise end from None
    except SystemExit as end:
        end.add_note(how)
        raise


def _asking() -> list[signal.Signals]:
    """The signals that ask this process to end, without those that it ignores, as under nohup."""
    return [number for number in _ENDS if signal.getsignal(number) is not signal.SIG_IGN]


def _end(number: int, _frame: FrameType | None) -> None:
    os.write(2, f"{_SAID[128 + number]}\n".encode())
    os._exit(128 + number)


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _said(code: int, how: str = _KEPT) -> None:
    with suppress(OSError):  # the terminal may be closed
        sys.stderr.write(f"{_SAID[code]}; {how}\n")
        sys.stderr.flush()


def _explained(error: Exception) -> None:
    """Print the message of an error that a user can correct, and exit."""
    from benchbench.cli.console import err, say
    from benchbench.core.errors import InputError

    if isinstance(error, InputError):
        say(str(error), err)
        sys.exit(2)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        say(f"{place}{error.strerror or error}", err)
        sys.exit(1)
