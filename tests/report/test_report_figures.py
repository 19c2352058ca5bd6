import pytest

from benchbench.report.figures import error_by_length, error_by_time, learning_curves
from benchbench.report.frame import read
from benchbench.report.panels import styles
from benchbench.report.select import order, select
from benchbench.report.tables import cells


@pytest.fixture
def drawn(stored):
    """What the figures draw from some records: cells, looks, frame and records."""

    def make(made):
        frame, records = read("toy", stored(made))
        frame = select(frame).frame
        return cells(frame), styles(order(frame["architecture"])), frame, records

    return make


def line(figure, name):
    return next(one for one in figure.axes[0].lines if one.get_label() == name)


def test_error_is_drawn_at_the_medians_with_a_bar_over_the_seeds(drawn, record):
    table, looks, *_ = drawn([record(seed=seed, mse=mse) for seed, mse in enumerate((0.1, 0.2, 0.6))])
    figure = error_by_length(table, looks)
    assert line(figure, "gru").get_ydata().tolist() == [0.2]
    assert figure.axes[0].collections[0].get_segments()[0][:, 1].tolist() == [0.1, 0.6]


def test_the_frontier_holds_what_nothing_else_beats_in_both(drawn, record):
    points = {"gru": (1.0, 0.3), "rnn": (2.0, 0.4), "lstm": (3.0, 0.1), "esn": (0.5, 0.5)}
    spent = {name: record().spent.model_copy(update={"fit_seconds": seconds}) for name, (seconds, _) in points.items()}
    table, looks, *_ = drawn([record(name, mse=mse, spent=spent[name]) for name, (_, mse) in points.items()])
    steps = error_by_time(table, looks).axes[0].lines[0]
    assert steps.get_xydata().tolist() == [[0.5, 0.5], [1.0, 0.3], [3.0, 0.1]]


def test_a_failed_competitor_changes_nobody_s_colour(drawn, record):
    failed = record("lstm", status="diverged")
    table, looks, *_ = drawn([record("rnn"), failed, record("gru")])
    figure = error_by_length(table, looks)
    legend = figure.legends[0]
    shown = {text.get_text(): handle for text, handle in zip(legend.texts, legend.legend_handles, strict=True)}
    assert shown["gru"].get_color() == line(figure, "gru").get_color() == looks["gru"]["color"]
    assert "lstm" not in shown


def test_many_competitors_all_look_different():
    looks = styles([f"net-{i}" for i in range(25)])
    assert len({(look["color"], look["marker"]) for look in looks.values()}) == 25


@pytest.mark.parametrize("limit", [(0, 1000, "updates"), (1, 5.0, "fit (s)")])
def test_curves_run_over_what_the_budget_limits(drawn, record, budgets, limit):
    number, last, label = limit
    _, looks, frame, records = drawn([record(seed=seed, budget=budgets[number]) for seed in range(3)])
    axis = learning_curves(frame, looks, records).axes[0]
    assert axis.get_xlabel() == f"{label} at length 100"
    assert axis.lines[-1].get_xdata()[-1] == pytest.approx(last)


def test_who_has_no_curve_is_a_line_across_at_its_median(drawn, record):
    made = [record("gru"), *(record("esn", seed, valid=valid) for seed, valid in enumerate((0.1, 0.3, 0.2)))]
    _, looks, frame, records = drawn(made)
    axis = learning_curves(frame, looks, records).axes[0]
    assert [0.2, 0.2] in [list(one.get_ydata()) for one in axis.lines]
