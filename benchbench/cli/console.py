"""The two streams that the verbs print to, and texts that break between words only."""

import textwrap

from rich.console import Console
from rich.text import Text

out = Console()
err = Console(stderr=True)


def say(text: str, console: Console = out) -> None:
    """Print one line as it is: nothing in it acts as markup, and it is not broken."""
    console.print(text, highlight=False, markup=False, emoji=False, soft_wrap=True)


def entry(name: str, text: str, *, column: int, indent: int = 2, style: str = "") -> None:
    """Print a name and what it stands for: wrapped between words in a terminal, one line elsewhere."""
    line = f"{' ' * indent}{name:<{column}} {text}".rstrip()
    if out.is_terminal:
        hanging = " " * (indent + 2)
        line = textwrap.fill(line, out.width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)
    out.print(Text(line, style=style), soft_wrap=True)
