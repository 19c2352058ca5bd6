import numpy as np
import pytest

from benchbench.report.page.texts import decimals, number
from benchbench.report.render.markdown import words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.01, "0.0100"), (12.34, "12.3"), (1234.5, "1,234"), (0, "0"), (3.0, "3"), (1.5e-7, "1.50e-07"), (np.nan, "–"),
     (-0.25, "-0.250"), (100.4, "100")],
)  # fmt: skip
def test_numbers_have_three_digits(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [("a|b\nc", r"a\|b c"), ("<b>&", "&lt;b&gt;&amp;"), ("`x` *y*", r"\`x\` \*y\*"), ("mackey_glass", "mackey_glass"),
     ("__init__", r"\_\_init\_\_"), ("x" * 400, "x" * 299 + "…")],
)  # fmt: skip
def test_foreign_text_cannot_act_as_markup(text, escaped):
    assert words(text) == escaped


def test_a_coefficient_of_determination_has_three_decimals():
    assert [decimals(value) for value in (0.99999, -0.0004, 0.5, -1234.5, np.nan)] == [
        "1.000",
        "-0.000400",
        "0.500",
        "-1,234",
        "–",
    ]
