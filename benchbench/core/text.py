"""Foreign text made safe to show: no character in it moves the cursor or changes the direction of writing."""

import re

_ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and line feed, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks, embeddings, overrides and isolates of direction (UAX 9)
    "\u2028\u2029\ufeff"  # separators of lines and paragraphs, byte order mark
    "\ud800-\udfff]"  # halves of a pair, which no encoding takes
)


def printable(text: str) -> str:
    r"""Return the text with every control character as its escape, such as ``\x1b``; tabs and line feeds stay."""
    return _ACTS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
