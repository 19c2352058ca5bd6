"""The rows of the interactive charts have the numbers of the tables, and are small."""

import numpy as np
import pytest

from benchbench.core.spec import Budget
from benchbench.report.charts.data import explored
from benchbench.report.charts.page import bundle, extras
from benchbench.report.charts.places import places
from benchbench.report.charts.specs import specs
from benchbench.report.frame import load

pytestmark = pytest.mark.long


@pytest.fixture
def made(gathered):
    def make(records):
        numbers = gathered(records)
        where = places(numbers)
        return numbers, where, explored(numbers, where)

    return make


def test_each_cell_has_its_median_its_range_and_its_costs(made, grid):
    numbers, where, found = made(grid(tasks=("cosine",), lengths=(100, 200), seeds=3, names=("gru", "linear")))
    assert found["names"] == ["gru", "linear"]
    assert len(found["cells"]["score"]) == len(numbers.cells) == 4
    frame = numbers.selection.frame
    mine = frame[(frame["architecture"] == "gru") & (frame["length"] == 200)]
    [row] = [
        one
        for one in found["cells"]["score"]
        if one["a"] == 0 and one["p"] == where.numbers["equal-updates", "cosine", 200]
    ]
    expected = [mine["test_score"].median(), mine["test_score"].min(), mine["test_score"].max()]
    assert [row["y"], row["low"], row["high"]] == pytest.approx(expected, rel=1e-3)
    seconds = mine["fit_seconds"]
    assert row["costs"]["fit_seconds"] == pytest.approx([seconds.median(), seconds.min(), seconds.max()], rel=1e-3)
    assert row["seeds"] == 3


def test_a_reader_can_choose_whatever_a_study_has_several_of(made, grid, budgets):
    _, where, _ = made(grid(tasks=("cosine", "ecg"), lengths=(100,), seeds=1, budgets=budgets, names=("gru", "mean")))
    assert [(one["name"], one["values"]) for one in where.controls] == [
        ("task", ["cosine", "ecg"]),
        ("budget", ["equal-seconds", "equal-updates"]),
    ]


def test_engines_are_no_choice_if_each_architecture_has_only_its_own(made, record):
    _, where, _ = made([record("gru"), record("rnn", environment={"numba": "0.60"})])
    assert where.controls == []


def test_a_curve_runs_along_the_budget_and_ends_at_the_last_scored_loss(made, record):
    curve = [(10, 1.0, 4.0, None), (20, 2.0, 2.0, None)]
    _, _, found = made(
        [record("gru", curve=curve), record("gru", 1, curve=[(10, 1.0, 8.0, None), (40, 4.0, 6.0, None)])]
    )
    [row] = found["curves"]
    steps = found["grids"][0]["x"]
    assert steps[-1] == 40
    assert found["grids"][0]["unit"] == "updates"
    assert row["y"][-1] == pytest.approx((2.0 + 6.0) / 2)  # the first seed has ended, and keeps its last loss
    assert (row["low"][-1], row["high"][-1]) == (2.0, 6.0)
    assert row["y"][steps.index(10)] == pytest.approx(6.0)
    assert row["y"][0] is None  # before the first look


def test_a_learner_that_solves_has_one_loss(made, record):
    _, _, found = made([record("gru"), record("linear", valid=0.25)])
    assert [row["end"] for row in found["curves"] if "end" in row] == [0.25]


def test_competitors_with_one_truth_share_it(made, record):
    samples = record("gru").samples
    _, _, found = made([record("gru", samples=samples), record("rnn", samples=samples)])
    assert [("true" in row, row["t"]) for row in found["predictions"]] == [(True, 0), (False, 0)]
    assert found["predictions"][0]["made"] == pytest.approx(samples["first"].predicted[:120], rel=1e-3)


def test_the_rungs_of_a_ladder_are_places_labelled_by_their_amount(made, record):
    rungs = [Budget(name=f"ladder-{n}", width=8, updates=n) for n in (10, 100)]
    _, where, _ = made([record(name, budget=rung) for rung in rungs for name in ("gru", "rnn")])
    assert [(one["ladder"], one["rung"], one["limit"]) for one in where.facts] == [
        ("ladder", 100.0, "updates"),
        ("ladder", 10.0, "updates"),
    ]


@pytest.mark.long
def test_a_thousand_records_make_less_than_five_megabytes(made, grid, stored):
    records = grid(tasks=("a", "b", "c", "d", "e"), lengths=(50, 100, 150, 200), seeds=8)
    numbers, _, _ = made(records)
    assert len(records) > 1000
    from benchbench.report.page.front import pages
    from benchbench.report.page.pictures import Pictures
    from benchbench.report.render import html

    frame = load("toy", numbers.results)
    paths = {name: f"tasks/{name}" for name in numbers.cells["variant"].unique()}
    text = html.render(pages(numbers, Pictures(), paths), extras(numbers, frame, numbers.results))
    pictures = 2_400_000  # at most
    script = 1_000_000  # which the test leaves out
    assert len(text.encode()) + pictures + script < 5_000_000


def test_every_chart_has_the_signal_of_the_chosen_competitor():
    assert all([one["name"] for one in spec["params"]] == ["chosen"] for spec in specs().values())
    assert all(np.isfinite(spec["height"]) and spec["width"] == "container" for spec in specs().values())


@pytest.mark.drawn
def test_the_libraries_are_one_script_that_nothing_ends_early():
    text = bundle()
    assert 500_000 < len(text) < 1_200_000
    assert "</script" not in text
    assert "<!--" not in text
