"""The two streams that the commands print to, and texts that break only between words."""

import textwrap

from rich.console import Console
from rich.text import Text

from benchbench.core.text import printable

out = Console()
err = Console(stderr=True)

_LONG, _VERY_LONG = 120, 7200  # seconds from which a duration is given in minutes, and in hours


def say(text: str, console: Console = out) -> None:
    """Print one line as it is: unbroken, and with nothing in it taken as markup or as control characters."""
    console.print(printable(text), highlight=False, markup=False, emoji=False, soft_wrap=True)


def entry(name: str, text: str, *, column: int, indent: int = 2, style: str = "") -> None:
    """Print a name and its description: wrapped between words on a terminal, on one line elsewhere."""
    line = printable(f"{' ' * indent}{name:<{column}} {text}".rstrip())
    if out.is_terminal:
        hanging = " " * (indent + 2)
        line = textwrap.fill(line, out.width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)
    out.print(Text(line, style=style), soft_wrap=True)


def duration(seconds: float) -> str:
    """A duration in seconds, minutes or hours."""
    if seconds < _LONG:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < _VERY_LONG else f"{seconds / 3600:.1f} h"
