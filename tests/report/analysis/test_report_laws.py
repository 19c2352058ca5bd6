"""How time and memory grow, from made-up records that follow known laws."""

import pytest

from benchbench.core.record import Spent
from benchbench.core.spec import Budget
from benchbench.report.analysis.laws import laws
from benchbench.report.analysis.select import select
from benchbench.report.frame import load

UPDATES, BATCH = 101, 32
WOBBLE = (1.0, 1.01, 0.995)


@pytest.fixture
def found(stored):
    def make(records):
        return laws(select(load("toy", stored(records))))

    return make


@pytest.fixture
def timed(record):
    """A record whose update takes this many milliseconds and whose fit takes this many MiB."""

    def make(name="gru", seed=0, *, update_ms=1.0, mib=10.0, width=8, budget=None, **fields):
        spent = Spent(
            width=width, trained_parameters=100, fixed_parameters=0, updates=UPDATES, first_update_seconds=0.5,
            fit_seconds=0.5 + (UPDATES - 1) * update_ms / 1e3, peak_bytes=int(mib * 2**20),
            **fields.pop("load", {}),
        )  # fmt: skip
        usual = budget or Budget(name="equal-updates", width=width, updates=UPDATES, batch=BATCH)
        return record(name, seed, spent=spent, budget=usual, **fields)

    return make


def by_what(table):
    return table.set_index("what")


def test_update_time_and_memory_are_powers_of_the_length(found, timed):
    made = [
        timed(seed=seed, length=length, update_ms=0.1 * length**1.5 * wobble, mib=length**0.5 * wobble)
        for length in (100, 200, 400)
        for seed, wobble in enumerate(WOBBLE)
    ]
    table = by_what(found(made))
    assert table.index.tolist() == ["update_ms", "peak_mib"]
    assert table["exponent"].tolist() == pytest.approx([1.5, 0.5], abs=1e-4)
    assert table["predicted"].tolist() == pytest.approx([1, 1], abs=1e-4)
    row = table.loc["update_ms"]
    assert (row["along"], row["at"], row["fitted_at"], row["checked_at"]) == ("length", 8, "100, 200", "400")
    assert (row["seeds"], row["held"]) == (3, "holds")


def test_a_law_fails_at_the_largest_length_if_growth_is_no_power(found, timed):
    made = [
        timed(seed=seed, length=length, update_ms=wobble * (3 if length == 400 else 1), mib=0)
        for length in (100, 200, 400)
        for seed, wobble in enumerate(WOBBLE)
    ]
    [row] = found(made).to_dict("records")
    assert (row["held"], row["predicted"]) == ("fails", pytest.approx(1 / 3))


def test_time_and_memory_are_powers_of_the_width_however_it_is_set(found, timed):
    made = [
        timed(
            seed=seed, width=width, update_ms=width**2 * wobble, mib=width * wobble,
            budget=Budget(name=f"{width}-units", width=width, updates=UPDATES, batch=BATCH),
        )
        for width in (8, 16, 32, 64)
        for seed, wobble in enumerate(WOBBLE)
    ]  # fmt: skip
    table = by_what(found(made))
    assert table.loc["update_ms", ["along", "at", "fitted_at", "checked_at"]].tolist() == [
        "width",
        100,
        "8, 16, 32",
        "64",
    ]
    assert table["exponent"].tolist() == pytest.approx([2, 1])
    assert table.loc["update_ms", "condition"] == "16-units; 32-units; 64-units; 8-units"
    options = [
        timed(seed=seed, width=width, update_ms=width**2 * wobble, options={"width": width, "rate": 1}, valid=width)
        for width in (8, 16, 32)
        for seed, wobble in enumerate(WOBBLE)
    ]
    budget = Budget(name="one", width=8, updates=UPDATES, batch=BATCH)
    one = [made.model_copy(update={"trial": made.trial.model_copy(update={"budget": budget})}) for made in options]
    assert by_what(found(one)).loc["update_ms", "exponent"] == pytest.approx(2)


def test_batches_and_other_options_are_not_mixed_in_a_law_of_width(found, timed):
    made = [
        timed(width=width, budget=Budget(name=f"{width}", width=width, updates=UPDATES, batch=batch))
        for width, batch in ((8, 16), (16, 16), (32, 64), (64, 64))
    ]
    assert found(made).empty


def test_a_learner_that_solves_has_the_time_of_its_fit_unless_it_was_cut_off(found, timed):
    seconds = Budget(name="equal-seconds", width=8, seconds=1.0, batch=BATCH)
    made = [
        timed("esn", length=length, update_ms=(length - 5 * (UPDATES == 0)) / 100, curve=[], budget=seconds, mib=0)
        for length in (10, 20, 40)
    ]
    [row] = found(made).to_dict("records")
    assert row["what"] == "fit_seconds"
    cut = [
        timed("esn", length=length, update_ms=length / 8, curve=[], budget=seconds, mib=0) for length in (10, 20, 40)
    ]
    assert found(cut).empty


def test_disturbed_times_and_baselines_are_in_no_law(found, timed):
    load = {"load_before": 50.0, "load_after": 50.0}
    made = [timed(name, length=n, load=load) for name in ("gru", "linear") for n in (100, 200, 400)]
    assert found(made)[["architecture", "what"]].to_numpy().tolist() == [["gru", "peak_mib"]]


def test_two_lengths_are_too_few_for_a_law(found, timed):
    assert found([timed(length=length) for length in (100, 200)]).empty
