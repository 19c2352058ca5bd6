"""Which line a message names."""

import sysconfig

import pytest

from benchbench.run.blame import Frame, place

OURS, OTHER = Frame("/a/net.py", 3, "fit"), Frame("/b/helper.py", 7, "step")
LIBRARY = Frame(f"{sysconfig.get_path('purelib')}/torch/nn.py", 99, "linear")


@pytest.mark.parametrize(
    ("frames", "home", "said"),
    [
        ([OURS, OTHER, LIBRARY], "/a/net.py", " (net.py:3 in fit)"),
        ([OURS, OTHER, LIBRARY], None, " (helper.py:7 in step)"),
        ([OURS, OTHER, LIBRARY], "/c/none.py", " (helper.py:7 in step)"),
        ([LIBRARY], None, " (nn.py:99 in linear)"),
        ([], None, ""),
    ],
)
def test_the_last_line_of_the_plug_in_is_named_and_else_the_last_outside_of_libraries(frames, home, said):
    assert place(frames, home) == said
