"""The line of a traceback that a message names."""

import sysconfig

import pytest

from benchbench.core.errors import DivergedError
from benchbench.isolation import fault_text
from benchbench.isolation.fault_text import Frame, describe, place, without_paths

OURS, OTHER = Frame("/a/net.py", 3, "fit"), Frame("/b/helper.py", 7, "step")
HARNESS = Frame(fault_text.__file__, 1, "watch")
LIBRARY = Frame(f"{sysconfig.get_path('purelib')}/torch/nn.py", 99, "linear")


@pytest.mark.parametrize(
    ("frames", "home", "said"),
    [
        ([OURS, OTHER, LIBRARY], "/a/net.py", " (net.py:3 in fit)"),
        ([OURS, OTHER, LIBRARY], None, " (helper.py:7 in step)"),
        ([OURS, OTHER, LIBRARY], "/c/none.py", " (helper.py:7 in step)"),
        ([LIBRARY], None, " (nn.py:99 in linear)"),
        ([OURS, HARNESS], "/a/net.py", " (net.py:3 in fit)"),
        ([HARNESS], None, ""),
        ([], None, ""),
    ],
)
def test_a_message_names_the_last_line_of_the_plug_in_or_else_the_last_line_outside_of_libraries(frames, home, said):
    assert place(frames, home) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("No such file: '/home/me/data/x.npy'", "No such file: 'x.npy'"),
        ("plug-in '/srv/a b/net.py' is", "plug-in 'net.py' is"),
        ("a/b and 1/2 and https://example.org/a/b stay", "a/b and 1/2 and https://example.org/a/b stay"),
        ("in /usr/lib/", "in lib"),
    ],
)
def test_a_record_has_names_in_place_of_absolute_paths(text, said):
    assert without_paths(text) == said


def test_a_description_is_one_line_of_type_text_and_place():
    def fail():
        raise ValueError("one\ntwo")

    with pytest.raises(ValueError, match="one") as caught:
        fail()
    assert describe(caught.value, __file__).startswith("ValueError: one two (test_fault_text.py:")
    assert describe(DivergedError("nan")) == "nan"
    assert describe(KeyboardInterrupt()) == "KeyboardInterrupt"


def test_an_exception_whose_text_cannot_be_made_is_described():
    class OddError(Exception):
        def __str__(self):
            raise RuntimeError("no")

    assert describe(OddError()) == "OddError: (printing it raised RuntimeError)"
