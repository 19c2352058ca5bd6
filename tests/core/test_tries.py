"""Spaces of options, and the points of them that are tried."""

from typing import Annotated, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from benchbench.core import registry
from benchbench.core.errors import InputError
from benchbench.core.options import Among, PositiveFloat, Search, schema, spaces
from benchbench.core.tries import Axis, searched, tries

RATE = Axis("rate", Search(1e-4, 1e-1, log=True), 3e-3)
LEAK = Axis("leak", Search(0.2, 1.0), 0.5)
KIND = Axis("kind", Among("a", "b"), "a")
LAYERS = Axis("layers", Search(1, 3), 1, whole=True)


def test_the_first_try_is_the_option_set_as_the_study_has_it():
    for sampler in ("sobol", "grid"):
        assert tries({"bias": True}, [RATE], 1, sampler=sampler, name="gru") == ({"bias": True},)
        first, *others = tries({"bias": True}, [RATE, KIND], 5, sampler=sampler, name="gru")
        assert first == {"bias": True}
        assert all(set(one) == {"bias", "rate", "kind"} for one in others)


def test_more_tries_begin_with_the_same_tries_and_each_name_has_its_own_draws():
    few, many = (tries({}, [RATE, LEAK], n, sampler="sobol", name="gru") for n in (4, 16))
    assert many[:4] == few
    assert tries({}, [RATE, LEAK], 4, sampler="sobol", name="lstm")[1:] != few[1:]


def test_tries_of_a_sobol_sequence_are_even_in_the_logarithm_and_have_three_digits():
    values = [one["rate"] for one in tries({}, [RATE], 65, sampler="sobol", name="rnn")[1:]]
    shares = (np.log10(values) + 4) / 3
    assert kstest(shares, "uniform").statistic < 0.03  # for 64 random draws it is 0.1
    assert all(float(f"{value:.3g}") == value for value in values)


def test_a_grid_has_its_ends_and_equal_ratios():
    found = [one["rate"] for one in tries({}, [RATE], 5, sampler="grid", name="rnn")[1:]]
    assert found == [1e-4, 1e-3, 1e-2, 1e-1]


def test_a_grid_of_two_options_is_their_product():
    found = tries({}, [LEAK, KIND], 7, sampler="grid", name="rnn")[1:]
    assert sorted(found, key=str) == [{"leak": leak, "kind": kind} for leak in (0.2, 0.6, 1.0) for kind in "ab"]


def test_values_may_be_lists_themselves():
    dense = Axis("dense", Among([8], [8, 8], []), [])
    for sampler in ("sobol", "grid"):
        found = tries({}, [dense], 3, sampler=sampler, name="gru")
        assert sorted(map(str, found)) == ["{'dense': [8, 8]}", "{'dense': [8]}", "{}"]


def test_whole_numbers_may_be_even_in_the_logarithm():
    width = Axis("width", Search(8, 512, log=True), 64, whole=True)
    values = [width.at(share) for share in np.linspace(0, 1, 4001)]
    assert (values[0], values[-1]) == (8, 512)
    assert abs(np.median(values) - 64) <= 1


def test_whole_numbers_stay_whole_and_have_equal_shares():
    found = [LAYERS.at(share) for share in (0, 0.33, 0.34, 0.66, 0.67, 0.999, 1)]
    assert found == [1, 1, 2, 2, 3, 3, 3]
    assert all(type(value) is int for value in found)


@pytest.mark.parametrize("sampler", ["sobol", "grid"])
def test_a_space_of_six_option_sets_gives_six_tries_and_refuses_seven(sampler):
    found = tries({}, [KIND, LAYERS], 6, sampler=sampler, name="gru")
    assert len({(one.get("kind", "a"), one.get("layers", 1)) for one in found}) == 6
    with pytest.raises(InputError, match=r"tries = 7: the space of gru \(kind, layers\) holds no more than 6"):
        tries({}, [KIND, LAYERS], 7, sampler=sampler, name="gru")


@given(
    count=st.integers(1, 24),
    sampler=st.sampled_from(["sobol", "grid"]),
    low=st.floats(1e-6, 1e3),
    ratio=st.floats(1.5, 1e3),
    log=st.booleans(),
)
def test_tries_are_distinct_and_lie_in_their_space(count, sampler, low, ratio, log):
    axis = Axis("x", Search(low, low * ratio, log=log), low * ratio * 2)
    found = tries({}, [axis], count, sampler=sampler, name="x")
    assert len({one.get("x") for one in found}) == count
    assert all(low <= one["x"] <= low * ratio for one in found[1:])


def test_options_have_search_spaces_and_a_study_overrides_them_one_by_one():
    gru = registry.load().get("architecture", "gru").options
    axes = {axis.name: axis for axis in searched(gru, gru, {"clip": Search(0, 2)}, ("schedule",), "here")}
    assert axes["learning_rate"].space == Search(1e-4, 3e-2, log=True)
    assert axes["learning_rate"].default == 3e-3
    assert axes["clip"].space == Search(0.0, 2.0)
    assert set(axes) == {"learning_rate", "clip"}


def test_every_default_of_a_shipped_architecture_lies_in_its_space_and_baselines_have_none():
    for plugin in (p for (kind, _), p in registry.load().plugins.items() if kind == "architecture"):
        found = searched(plugin.options, plugin.options, {}, (), plugin.name)
        assert not found or not plugin.baseline
        for axis in found:
            space = axis.space
            inside = (
                axis.default in space.values if isinstance(space, Among) else space.low <= axis.default <= space.high
            )
            assert inside, f"{plugin.name}: {axis.name}"


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"clop": Search(1, 2)}, r"unknown option 'clop'; did you mean 'clip'\?"),
        ({"clip": Search(-1, 2)}, "clip: Input should be greater than or equal to 0, got -1.0"),
        ({"optimizer": Search(1, 2)}, "optimizer is not a number, so its space must be a list of values"),
        ({"optimizer": Among("adam", "adm")}, "optimizer: .*'adam'.* got 'adm'"),
        ({"layers": Search(1.5, 3)}, "layers: .*integer.* got 1.5"),
        ({"clip": Among(1.0, 1)}, "clip: 1.0 is given twice"),
    ],
)
def test_a_space_that_an_option_cannot_have_is_refused_with_one_message(space, message):
    gru = registry.load().get("architecture", "gru").options
    with pytest.raises(InputError, match=message):
        searched(gru, gru, space, (), "[tuning.spaces.gru]")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Search(2, 1), "low < high, not 2 and 1"),
        (lambda: Search(0, 1, log=True), "needs low > 0, not 0"),
        (lambda: Among("a"), "at least two values"),
    ],
)
def test_a_space_without_extent_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_an_option_with_two_spaces_is_refused_at_its_definition():
    def twice(setting, *, rate: Annotated[PositiveFloat, Search(1e-4, 1), Search(1, 2)] = 1.0): ...

    def once(setting, *, mode: Annotated[Literal["x", "y"], Among("x", "y")] = "x"): ...

    with pytest.raises(InputError, match=r"twice: option 'rate' has two spaces: 0.0001 to 1, and 1 to 2"):
        schema(twice, ("setting",))
    assert spaces(schema(once, ("setting",))) == {"mode": Among("x", "y")}
