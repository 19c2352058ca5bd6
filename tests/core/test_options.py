from collections.abc import Callable
from pathlib import Path
from threading import Barrier
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from benchbench.core.errors import InputError
from benchbench.core.options import bind, choices, defaults, expand, schema
from benchbench.core.registry import load_file, registered

SETTING = ("setting",)


def net(
    setting: object,
    *,
    layers: Annotated[int, Field(ge=1)] = 1,
    rate: float = 0.5,
    mode: Literal["plain", "deep"] = "plain",
    bias: bool = True,
    sizes: tuple[int, ...] = (1, 2),
    limit: int | None = None,
) -> None:
    """A function with one option of each kind."""


NET = schema(net, SETTING)


def test_the_keyword_only_parameters_are_the_schema() -> None:
    assert defaults(NET) == {"layers": 1, "rate": 0.5, "mode": "plain", "bias": True, "sizes": (1, 2), "limit": None}


def test_a_function_without_options_has_an_empty_schema() -> None:
    def bare(setting: object) -> None: ...

    assert defaults(schema(bare, SETTING)) == {}


def no_annotation(setting: object, *, layers=1) -> None: ...
def no_default(setting: object, *, layers: int) -> None: ...
def extra_positional(setting: object, layers: int = 1) -> None: ...
def any_positional(setting: object, *layers: int) -> None: ...
def any_keyword(setting: object, **layers: int) -> None: ...
def nothing() -> None: ...
def private(setting: object, *, _layers: int = 1) -> None: ...
def foreign(setting: object, *, other: Barrier | None = None) -> None: ...
def unreadable(setting: object, *, layers: "Missing" = 1) -> None: ...  # noqa: F821


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (no_annotation, "no_annotation: option 'layers' needs an annotation and a default"),
        (no_default, "no_default: option 'layers' needs an annotation and a default"),
        (extra_positional, r"must have the form: def extra_positional\(setting, \*, option: int = 1, ...\)"),
        (any_positional, "must have the form"),
        (any_keyword, "must have the form"),
        (nothing, "must have the form"),
        (private, "option '_layers' must start with a letter"),
        (foreign, "foreign: the options cannot be made into a schema"),
        (unreadable, "an annotation cannot be read: name 'Missing' is not defined"),
    ],
)
def test_a_function_without_the_signature_of_a_plug_in_is_refused(function: Callable[..., Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        schema(function, SETTING)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("layers", "1", "layers: Input should be a valid integer, got '1'"),
        ("layers", 1.0, "layers: Input should be a valid integer, got 1.0"),
        ("layers", True, "layers: Input should be a valid integer, got True"),
        ("layers", 0, "layers: Input should be greater than or equal to 1, got 0"),
        ("rate", "0.5", "rate: Input should be a valid number, got '0.5'"),
        ("rate", True, "rate: Input should be a valid number, got True"),
        ("rate", float("nan"), "rate: Input should be a finite number, got nan"),
        ("rate", float("inf"), "rate: Input should be a finite number, got inf"),
        ("mode", "fancy", "mode: Input should be 'plain' or 'deep', got 'fancy'"),
        ("bias", 1, "bias: Input should be a valid boolean, got 1"),
        ("sizes", 3, "sizes: Input should be a valid array, got 3"),
        ("sizes", [1, "a"], "sizes number 2: Input should be a valid integer, got 'a'"),
        ("layer", 3, "unknown option 'layer'; did you mean 'layers'? Allowed: bias, layers, limit, mode, rate, sizes"),
    ],
)
def test_a_wrong_value_is_refused_by_name(option: str, value: Any, said: str) -> None:
    for check in (bind, expand):
        with pytest.raises(InputError) as caught:
            check(NET, {option: value}, "[tasks.x]")
        assert str(caught.value) == f"[tasks.x]: {said}"


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(InputError) as caught:
        bind(NET, {"layers": "x" * 10_000}, "here")
    assert len(str(caught.value)) < 200


def test_the_options_come_back_as_the_types_of_the_function() -> None:
    bound = bind(NET, {"sizes": [3, 4], "rate": 1}, "here")
    assert bound == {"sizes": (3, 4), "rate": 1.0}
    assert isinstance(bound["rate"], float)


def test_only_the_given_options_are_bound() -> None:
    assert bind(NET, {}, "here") == {}


def test_a_list_gives_option_sets_in_the_order_of_the_study() -> None:
    assert expand(NET, {"rate": [0.1, 0.2], "layers": [2, 1]}, "here") == [
        {"rate": 0.1, "layers": 2},
        {"rate": 0.1, "layers": 1},
        {"rate": 0.2, "layers": 2},
        {"rate": 0.2, "layers": 1},
    ]


def test_no_options_give_one_option_set() -> None:
    assert expand(NET, {}, "here") == [{}]


def test_an_empty_list_is_a_value_of_a_list_and_an_error_elsewhere() -> None:
    assert expand(NET, {"sizes": []}, "here") == [{"sizes": []}]
    with pytest.raises(InputError, match="layers is an empty list, so nothing would run"):
        expand(NET, {"layers": []}, "here")


@given(rates=st.lists(st.floats(0, 10), min_size=1, max_size=6), layers=st.lists(st.integers(1, 9), min_size=1))
def test_there_are_as_many_option_sets_as_combinations_and_a_value_given_twice_is_refused(
    rates: list[float], layers: list[int]
) -> None:
    if len(set(rates)) < len(rates) or len(set(layers)) < len(layers):
        with pytest.raises(InputError, match="is given twice"):
            expand(NET, {"rate": rates, "layers": layers}, "here")
        return
    sets = expand(NET, {"rate": rates, "layers": layers}, "here")
    assert len(sets) == len(rates) * len(layers)
    assert {(one["rate"], one["layers"]) for one in sets} == {(rate, layer) for rate in rates for layer in layers}


def test_annotations_may_be_strings(plugin: Callable[..., Path]) -> None:
    module = load_file(
        plugin(
            """
            from __future__ import annotations
            from typing import Annotated
            from pydantic import Field
            from benchbench import architecture

            @architecture("postponed", version=1)
            def postponed(setting: object, *, layers: Annotated[int, Field(ge=1, le=4)] = 1) -> None: ...
            """
        )
    )
    (found,) = registered(module)
    assert bind(found.options, {"layers": 4}, "here") == {"layers": 4}
    with pytest.raises(InputError, match="less than or equal to 4"):
        bind(found.options, {"layers": 5}, "here")


def test_annotations_of_parameters_other_than_options_need_not_be_readable(tmp_path: Path) -> None:
    file = tmp_path / "plugin.py"
    file.write_text(
        "from __future__ import annotations\n"
        "from benchbench import architecture\n"
        "@architecture('mine', version=1)\n"
        "def mine(setting: Setting, *, layers: int = 1) -> Learner: ...\n"
    )
    [plugin] = registered(load_file(file))
    assert list(plugin.options.model_fields) == ["layers"]


def test_the_choices_of_an_option_are_known_where_it_lists_them() -> None:
    def plugin(setting: object, *, kind: Literal["a", "b"] = "a", layers: int = 1) -> None: ...

    model = schema(plugin, ("setting",))
    assert choices(model, "kind") == ("a", "b")
    assert choices(model, "layers") == ()
