import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from benchbench.core.spec import Budget, Trial

names = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,20}\Z")
counts = st.integers(min_value=1, max_value=10**9)
positive = st.floats(min_value=1e-9, max_value=1e9)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
options = st.dictionaries(st.text(), plain, max_size=4)


@st.composite
def budgets(draw: st.DrawFn) -> Budget:
    size = draw(st.sampled_from(["parameters", "width", None]))
    limits = draw(st.sets(st.sampled_from(["updates", "epochs", "seconds"]), min_size=1))
    given_limits = {limit: draw(positive if limit == "seconds" else counts) for limit in sorted(limits)}
    return Budget(name=draw(names), **({size: draw(counts)} if size else {}), **given_limits, batch=draw(counts))


@st.composite
def trials(draw: st.DrawFn) -> Trial:
    return Trial(
        study=draw(names),
        task=draw(names),
        architecture=draw(names),
        length=draw(counts),
        device=draw(st.sampled_from(["cpu", "gpu"])),
        seed=draw(st.integers(0, 10**9)),
        budget=draw(budgets()),
        task_options=draw(options),
        architecture_options=draw(options),
        versions=draw(st.dictionaries(st.sampled_from(["task", "architecture"]), counts)),
    )


def trial(**changed: Any) -> Trial:
    given_fields: dict[str, Any] = {
        "study": "main",
        "task": "sine",
        "architecture": "rnn",
        "length": 10,
        "seed": 0,
        "budget": Budget(name="short", updates=10),
    }
    return Trial(**{**given_fields, **changed})


def test_a_budget_without_a_size_has_64_units() -> None:
    assert Budget(name="b", updates=1).width == 64
    assert Budget(name="b", updates=1).parameters is None


def test_a_budget_of_parameters_leaves_the_width_open() -> None:
    assert Budget(name="b", updates=1, parameters=1000).width is None


def test_a_budget_has_parameters_or_width_but_not_both() -> None:
    with pytest.raises(ValidationError, match="parameters and width are both given"):
        Budget(name="b", updates=1, parameters=1000, width=8)


def test_a_budget_needs_a_limit_of_length() -> None:
    with pytest.raises(ValidationError, match="at least one of updates, epochs, seconds"):
        Budget(name="b", width=8)


@pytest.mark.parametrize("key", ["parameters", "width", "updates", "epochs", "batch"])
@pytest.mark.parametrize("value", [0, -1, 1.0, 1.5, "1", True, float("nan"), [1]])
def test_a_count_in_a_budget_is_a_whole_number_from_one(key: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=key):
        Budget(**{"name": "b", "seconds": 1.0, key: value})


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "1", True])
def test_the_seconds_of_a_budget_are_positive_and_finite(value: Any) -> None:
    with pytest.raises(ValidationError, match="seconds"):
        Budget(name="b", seconds=value)


def test_a_budget_refuses_a_key_that_it_does_not_know() -> None:
    with pytest.raises(ValidationError, match="updats"):
        Budget(name="b", updates=1, updats=1)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", ".hidden", "a\n", "x" * 81])
def test_a_name_cannot_be_a_path(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        Budget(name=name, updates=1)


@given(trials())
def test_a_trial_survives_json(original: Trial) -> None:
    again = Trial.model_validate_json(original.model_dump_json())
    assert again == original
    assert again.key == original.key


@given(trials(), st.randoms())
def test_the_key_does_not_depend_on_the_order_of_fields_and_options(original: Trial, random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        pairs = [(key, shuffled(item)) for key, item in value.items()]
        random.shuffle(pairs)
        return dict(pairs)

    assert Trial.model_validate(shuffled(original.model_dump())).key == original.key


def test_the_key_is_16_hexadecimal_digits_that_stay_the_same_for_ever() -> None:
    assert trial().key == "0b7257a1475ddf63"


@pytest.mark.parametrize(
    "changed",
    [
        {"study": "other"},
        {"task": "cosine"},
        {"architecture": "gru"},
        {"length": 11},
        {"device": "gpu"},
        {"seed": 1},
        {"budget": Budget(name="other", updates=10)},
        {"budget": Budget(name="short", updates=11)},
        {"budget": Budget(name="short", updates=10, width=65)},
        {"budget": Budget(name="short", updates=10, batch=65)},
        {"budget": Budget(name="short", updates=10, epochs=1)},
        {"budget": Budget(name="short", updates=10, seconds=1.0)},
        {"task_options": {"layers": 1}},
        {"architecture_options": {"layers": 1}},
        {"versions": {"task": 2}},
        {"versions": {"architecture": 2}},
        {"closed_loop": True},
        {"engine": "numba"},
        {"microscope": True},
        {"validate_at": "epochs"},
        {"competitor": "a gated one"},
        {"predictions": True},
    ],
    ids=str,
)
def test_the_key_changes_with_each_field(changed: dict[str, Any]) -> None:
    assert trial(**changed).key != trial().key


@given(trials())
def test_a_trial_keeps_the_key_it_had_before_fields_joined_that_it_does_not_use(original: Trial) -> None:
    content = original.model_dump(mode="json")
    for later in ("closed_loop", "engine", "microscope", "validate_at", "competitor", "predictions", "tuning"):
        del content[later]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert original.key == hashlib.sha256(text.encode()).hexdigest()[:16]
    assert original.model_copy(update={"closed_loop": True}).key != original.key


def test_a_changed_copy_has_a_key_of_its_own() -> None:
    original = trial()
    before = original.key
    assert original.model_copy(update={"seed": 1}).key == trial(seed=1).key != before


def test_asking_for_the_key_does_not_change_a_trial() -> None:
    asked = trial()
    assert asked.key
    assert asked == trial()
    assert "key" not in json.loads(asked.model_dump_json())


def test_a_trial_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        trial().seed = 3


def test_a_trial_refuses_a_key_that_it_does_not_know() -> None:
    with pytest.raises(ValidationError, match="extra"):
        trial(extra=1)


def test_the_label_describes_the_trial() -> None:
    assert trial(seed=3).label == "sine 10 rnn seed 3 short cpu"
