"""Text from elsewhere: characters that act on a terminal or on the direction of writing are shown as escapes."""

import unicodedata

import pytest

from benchbench.core.text import printable

MARKS = ["\u061c", "\u200e", "\u200f", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))]


def test_every_control_character_but_tab_and_line_feed_is_escaped():
    controls = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in {"Cc", "Zl", "Zp", "Cs"}]
    kept = [one for one in controls if printable(one) == one]
    assert kept == ["\t", "\n"]
    assert printable("\x1b[31m\x9b\ud800") == r"\x1b[31m\x9b\ud800"


@pytest.mark.parametrize("mark", MARKS, ids=ascii)
def test_marks_of_direction_are_escaped(mark):
    assert printable(f"a{mark}b") == f"a\\u{ord(mark):04x}b"


@pytest.mark.parametrize("text", ["plain", "größe µ 中文 שלום", "👩\u200d🔬 e\u0301", "line\nline\ttab", r"C:\new"])
def test_ordinary_text_is_not_changed(text):
    assert printable(text) == text
