"""The solved width is maximal, for every learner and limit."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchbench import Setting, Size, UnsupportedError
from benchbench.core import registry
from benchbench.core.errors import InputError
from benchbench.learn.sizing import require_width, size_of, solve_width, widths_of


@given(limit=st.integers(50, 10**6), a=st.integers(0, 5), b=st.integers(1, 50), c=st.integers(0, 50))
def test_the_width_is_the_largest_that_fits(limit, a, b, c):
    def total(width):
        return a * width**2 + b * width + c

    def make(width):
        return SimpleNamespace(size=Size(trained=b * width + c, fixed=a * width**2))

    if total(1) > limit:
        with pytest.raises(InputError, match="no width meets"):
            solve_width(make, limit)
        return
    width = solve_width(make, limit)
    assert total(width) <= limit < total(width + 1)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "esn"])
@pytest.mark.parametrize("limit", [50, 1_000, 10_000])
def test_the_width_of_our_networks_is_the_largest_that_fits(name, limit):
    plugin = registry.load().get("architecture", name)

    def make(width):
        return plugin.function(Setting(inputs=1, outputs=1, scored=1, length=10, width=width, seed=0))

    width = solve_width(make, limit)
    assert size_of(make(width)).total <= limit < size_of(make(width + 1)).total


def test_a_learner_whose_size_does_not_depend_on_its_width_gets_width_one():
    assert solve_width(lambda width: SimpleNamespace(size=Size(trained=7)), 10) == 1


def test_a_limit_that_no_width_meets_is_refused_with_the_smallest_size():
    with pytest.raises(InputError, match="parameters = 5: no width meets this limit; the narrowest has 7"):
        solve_width(lambda width: SimpleNamespace(size=Size(trained=6 + width)), 5)


def test_a_fixed_size_over_the_limit_is_declined():
    with pytest.raises(UnsupportedError, match=r"7,000 numbers at any width, more than parameters = 5,000"):
        solve_width(lambda width: SimpleNamespace(size=Size(trained=7_000)), 5_000)


@given(limit=st.integers(20, 10**6), widths=st.lists(st.integers(1, 300), min_size=1, unique=True).map(sorted))
def test_the_width_is_the_largest_of_those_that_a_learner_can_have(limit, widths):
    made = []

    def make(width):
        made.append(width)
        return SimpleNamespace(size=Size(trained=width**2), widths=widths)

    fitting = [width for width in widths if width**2 <= limit]
    if fitting:
        assert solve_width(make, limit) == fitting[-1]
    else:
        with pytest.raises((InputError, UnsupportedError)):
            solve_width(make, limit)
    assert set(made) <= {1, *widths}


@pytest.mark.parametrize("widths", [(), (3, 2), (0, 1), (1.5, 2), (2, 2), (True, 2)])
def test_invalid_widths_are_refused(widths):
    with pytest.raises(ValueError, match="whole numbers from 1, in increasing order"):
        widths_of(SimpleNamespace(widths=widths))


def test_a_width_that_a_learner_cannot_have_is_declined_with_the_nearest():
    learner = SimpleNamespace(widths=range(8, 65, 8))
    require_width(learner, 16)
    for width, near in ((30, "24 and 32"), (5, "8"), (100, "64")):
        with pytest.raises(UnsupportedError, match=rf"cannot have the width {width}; .* can have: {near}$"):
            require_width(learner, width)


def test_the_message_names_an_invalid_size():
    with pytest.raises(TypeError, match=r"benchbench\.Size, not int"):
        size_of(SimpleNamespace(size=3))


def test_a_size_given_as_a_method_is_read_too():
    assert size_of(SimpleNamespace(size=lambda: Size(trained=3))).total == 3
