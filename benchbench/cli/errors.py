"""How the program ends: a wrong study is a message and exit code 2, a fault of the system 1, a signal 128 and more."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_ENDS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_SAID = {128 + number: "interrupted" if number == signal.SIGINT else f"ended by {number.name}" for number in _ENDS}
_KEPT = "what is finished is kept: the same command goes on from here"


@contextmanager
def at_once() -> Iterator[None]:
    """Let a signal end the process there and then, while it imports and has nothing to put away.

    An exception would not do: libraries drop one that is raised while they are imported.
    """
    before = {number: signal.signal(number, _end) for number in _asking()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def clear_ends() -> Iterator[None]:
    """Turn the errors that a user can mend into one message and an exit code; any other keeps its traceback.

    A signal that asks the process to end is an orderly end, and one that comes while it ends is an end at once.
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
    """Let the message after a signal in this block say ``how`` to go on, where the same command would not."""
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
    """The signals that ask this process to end; one that is ignored, as under nohup, does not."""
    return [number for number in _ENDS if signal.getsignal(number) is not signal.SIG_IGN]


def _end(number: int, _frame: FrameType | None) -> None:
    os.write(2, f"{_SAID[128 + number]}\n".encode())
    os._exit(128 + number)


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _said(code: int, how: str = _KEPT) -> None:
    with suppress(OSError):  # the terminal may be gone
        sys.stderr.write(f"{_SAID[code]}; {how}\n")
        sys.stderr.flush()


def _explained(error: Exception) -> None:
    """Say what a user can mend, and exit."""
    from benchbench.cli.console import err, say
    from benchbench.core.errors import InputError

    if isinstance(error, InputError):
        say(str(error), err)
        sys.exit(2)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        say(f"{place}{error.strerror or error}", err)
        sys.exit(1)
