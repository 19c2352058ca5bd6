import pytest

from benchbench.core.record import Segment
from benchbench.core.spec import Budget
from benchbench.report.analysis.order import baselines, ordered
from benchbench.report.analysis.study import gather
from benchbench.report.figures.dots import scores
from benchbench.report.figures.grids import _varied
from benchbench.report.figures.heat_map import option_heat_map
from benchbench.report.figures.learning import learning_curves
from benchbench.report.figures.place import places
from benchbench.report.figures.predictions import predictions
from benchbench.report.figures.scores import score_by_length, score_by_time
from benchbench.report.figures.style import log_if_wide, panels, styles
from benchbench.report.frame import read

pytestmark = pytest.mark.long


@pytest.fixture
def place(stored):
    """The first place of a scope of some records."""

    def make(made, scope="condition"):
        results = stored(made)
        numbers = gather("toy", *read("toy", results), results)
        frame = numbers.selection.frame
        return next(places(numbers, scope, styles(ordered(frame), baselines(frame))))

    return make


def line(figure, name):
    return next(one for one in figure.axes[0].lines if one.get_label() == name)


def test_scores_are_drawn_at_the_medians_with_a_bar_over_the_seeds(place, record):
    scores = {(length, seed): mse for length in (10, 20) for seed, mse in enumerate((0.1, 0.2, 0.6))}
    figure = score_by_length(place([record(length=length, seed=seed, mse=m) for (length, seed), m in scores.items()]))
    assert line(figure, "gru").get_ydata().tolist() == [0.2, 0.2]
    assert figure.axes[0].collections[0].get_segments()[0][:, 1].tolist() == [0.1, 0.6]


@pytest.mark.parametrize(("floor", "there"), [(0.0, False), (0.001, True)])
def test_a_floor_of_zero_does_not_stretch_a_log_axis(place, record, floor, there):
    made = [record(name, mse=mse) for name, mse in (("gru", 0.002), ("rnn", 0.05))]
    made = [one.model_copy(update={"scores": {**one.scores, "floor_mse": floor}}) for one in made]
    axis = scores(place(made)).axes[0]
    assert axis.get_xscale() == "log"
    assert any(list(one.get_xdata()) == [floor, floor] for one in axis.lines) == there
    assert 0.0005 < axis.get_xlim()[0] < axis.get_xlim()[1] < 0.2
    assert any(axis.get_xlim()[0] < tick < axis.get_xlim()[1] for tick in axis.get_xticks())


def test_one_length_makes_no_figure_against_length(place, record):
    assert score_by_length(place([record(seed=seed) for seed in range(3)])) is None


def test_the_frontier_has_the_competitors_that_none_beats_in_both_cost_and_score(place, record):
    points = {"gru": (1.0, 0.3), "rnn": (2.0, 0.4), "lstm": (3.0, 0.1), "esn": (0.5, 0.5)}
    spent = {name: record().spent.model_copy(update={"fit_seconds": seconds}) for name, (seconds, _) in points.items()}
    made = [record(name, mse=mse, spent=spent[name]) for name, (_, mse) in points.items()]
    steps = score_by_time(place(made)).axes[0].lines[0]
    assert steps.get_xydata().tolist() == [[0.5, 0.5], [1.0, 0.3], [3.0, 0.1]]


def test_the_frontier_climbs_where_higher_is_better(place, classified):
    points = {"gru": (1.0, 0.7), "rnn": (2.0, 0.6), "lstm": (3.0, 0.9), "esn": (0.5, 0.5)}
    made = [classified(name, score=score, fit=seconds) for name, (seconds, score) in points.items()]
    axis = score_by_time(place(made)).axes[0]
    assert axis.lines[0].get_xydata().tolist() == [[0.5, 0.5], [1.0, 0.7], [3.0, 0.9]]
    assert (axis.get_ylabel(), axis.get_yscale()) == ("↑ test balanced accuracy", "linear")
    assert axis.get_title() == "digits (higher is better)"


def test_a_failed_competitor_does_not_change_the_colours_of_others(place, record):
    here = place([record("rnn"), record("lstm", status="diverged"), record("gru")])
    figure = score_by_time(here)
    legend = figure.legends[0]
    shown = {text.get_text(): handle for text, handle in zip(legend.texts, legend.legend_handles, strict=True)}
    assert shown["gru"].get_color() == line(figure, "gru").get_color() == here.looks["gru"]["color"]
    assert "lstm" not in shown


def test_many_competitors_all_look_different():
    looks = styles([f"net-{i}" for i in range(25)])
    assert len({(look["color"], look["marker"]) for look in looks.values()}) == 25


def test_baselines_are_black_and_grey_whatever_their_names_are():
    looks = styles(["gru", "linear", "always-left", "mean"], {"linear", "always-left", "mean"})
    colours = {name: look["color"] for name, look in looks.items()}
    assert (colours["linear"], colours["mean"], colours["gru"]) == ("black", "#999999", "#0072B2")
    assert colours["always-left"] == "#555555"


@pytest.mark.parametrize("limit", [(0, 1000, "updates"), (1, 5.0, "fit (s)")])
def test_curves_run_over_what_the_budget_limits(place, record, budgets, limit):
    number, last, label = limit
    axis = learning_curves(place([record(seed=seed, budget=budgets[number]) for seed in range(3)])).axes[0]
    assert axis.get_xlabel() == f"{label} at length 100"
    assert axis.lines[-1].get_xdata()[-1] == pytest.approx(last)


def test_a_competitor_without_a_curve_is_a_horizontal_line_at_its_median(place, record):
    made = [record("gru"), *(record("esn", seed, valid=valid) for seed, valid in enumerate((0.1, 0.3, 0.2)))]
    axis = learning_curves(place(made)).axes[0]
    assert [0.2, 0.2] in [list(one.get_ydata()) for one in axis.lines]


def test_the_training_error_is_drawn_dashed_next_to_the_validation_error(place, record):
    curve = [(1, 0.1, 0.9, 0.8), (2, 0.2, 0.5, 0.3)]
    figure = learning_curves(place([record(curve=curve)]))
    dashed = [one for one in figure.axes[0].lines if one.get_linestyle() == "--"]
    assert [list(one.get_ydata()[[0, -1]]) for one in dashed] == [[0.8, 0.3]]
    assert "training, median" in {text.get_text() for text in figure.legends[0].texts}


def test_predictions_say_what_is_grey_what_is_coloured_and_what_the_number_covers(place, record):
    figure = predictions(place([record("gru"), record("rnn")], "task"))
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["gru", "rnn"]
    assert {text.get_text() for text in figure.legends[0].texts} == {
        "true", "predicted (colour of the competitor)",
        "number: MSE of the first output over the whole stretch (standardised)",
    }  # fmt: skip


def test_a_grid_of_two_options_is_a_heat_map_of_the_validation_score(place, record):
    grid = {(rate, width): 0.1 * rate * width for rate in (1, 2) for width in (16, 32, 128)}
    made = [record(options={"rate": rate, "width": width}, valid=v) for (rate, width), v in grid.items()]
    [axis] = option_heat_map(place(made, "task")).axes
    assert [text.get_text() for text in axis.get_xticklabels()] == ["16", "32", "128"]
    assert [text.get_text() for text in axis.texts] == ["1.60", "3.20", "12.8", "3.20", "6.40", "25.6"]
    assert [patch.get_xy() for patch in axis.patches] == [(-0.5, -0.5)]


def test_a_grid_of_one_option_makes_no_heat_map(place, record):
    assert option_heat_map(place([record(options={"rate": rate}) for rate in (1, 2)], "task")) is None


def test_a_budget_in_epochs_is_drawn_over_updates(place, record):
    budget = Budget(name="ten", epochs=10)
    assert learning_curves(place([record(budget=budget)])).axes[0].get_xlabel() == "updates at length 100"


def test_option_sets_that_are_a_list_and_no_grid_make_no_heat_map(place, record):
    made = [record(options={"rate": i, "leak": i, "noise": i}) for i in range(3)]
    assert option_heat_map(place(made, "task")) is None


def test_predicted_classes_are_dots_and_equal_segments_are_drawn_once(place, classified):
    one = Segment(true=[0, 1, 1], predicted=[0, 1, 0], score=0.4)
    figure = predictions(place([classified(samples=dict.fromkeys(("first", "best", "worst"), one))], "task"))
    [axis] = figure.axes
    assert {line.get_linestyle() for line in axis.lines} == {"None"}
    assert [text.get_text() for text in axis.texts] == ["0.400"]
    legend = {text.get_text() for text in figure.legends[0].texts}
    assert legend >= {"true class", "number: log loss over the whole stretch"}


def test_legends_say_what_bars_and_the_size_of_markers_mean(place, record):
    made = [record(length=length, seed=seed) for length in (10, 20) for seed in range(2)]
    texts = {text.get_text() for text in score_by_length(place(made)).legends[0].texts}
    assert "median over seeds, bars: lowest to highest" in texts
    texts = {text.get_text() for text in score_by_time(place(made)).legends[0].texts}
    assert texts >= {"nothing is both faster and better", "larger marker: longer window"}
    texts = {text.get_text() for text in score_by_time(place([record()])).legends[0].texts}
    assert "larger marker: longer window" not in texts


def test_a_legend_is_read_row_by_row():
    names = [f"a competitor with a long name, {i}" for i in range(7)]
    figure, _ = panels(["one"], {name: {"color": "black"} for name in names})
    legend = figure.legends[0]
    figure.canvas.draw()
    places = {text.get_text(): text.get_window_extent().p0 for text in legend.texts}
    assert sorted(names, key=lambda name: (-round(places[name][1]), places[name][0])) == names


def test_an_axis_of_less_than_a_decade_has_several_ticks():
    _, [axis] = panels(["one"], {"gru": {"color": "black"}})
    axis.plot([1, 2], [0.24, 0.9])
    log_if_wide(axis, "y", [0.24, 0.9])
    low, high = axis.get_ylim()
    assert len([tick for tick in axis.get_yticks() if low <= tick <= high]) >= 4


def test_an_option_is_an_axis_only_where_variants_of_one_task_differ_in_it():
    mixed = {"a": ("glass", {"horizon": 1}), "b": ("glass", {"horizon": 15}), "c": ("ecg", {"horizon": 10})}
    assert _varied(mixed) is None
    series = {str(n): ("cosine", {"train": n, "test": 3}) for n in (10, 30, 100)}
    assert _varied(series) == ("train", {"10": 10.0, "30": 30.0, "100": 100.0})
