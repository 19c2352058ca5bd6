import re

import numpy as np
import pandas as pd
import pytest

from benchbench.core import artifacts
from benchbench.core.record import FreeRunOutcome, Status
from benchbench.report.analysis.order import baselines, ordered
from benchbench.report.analysis.study import gather
from benchbench.report.figures.free_runs import free_runs, return_map, survival
from benchbench.report.figures.place import places
from benchbench.report.figures.style import styles
from benchbench.report.frame import load, read
from benchbench.report.page.blocks import Page, Text
from benchbench.report.page.loops import longest as sentence
from benchbench.report.page.loops import loop_table as table_of
from benchbench.report.render.markdown import render
from benchbench.report.write import write_report

pytestmark = pytest.mark.long


def free_run(valid=(10, 20), *, steps=100, unit="Lyapunov time", unit_steps=10.0, **facts):
    """A free run whose starts stayed valid for these numbers of steps."""
    wave = np.sin(np.arange(steps) / 4).round(4).tolist()
    usual = {
        "nrmse_84": 0.5, "spectrum_distance": 0.25, "diverged": 0.0, "seconds": 0.02, "true": wave,
        "generated": wave[::-1], "maxima": {"true": [(0.9, 1.0), (1.0, 0.8)], "generated": [(0.8, 0.9)]},
    }  # fmt: skip
    return FreeRunOutcome(steps=steps, unit=unit, unit_steps=unit_steps, valid_steps=list(valid), **{**usual, **facts})


def lost(message="ValueError: wrong shape", status="failed"):
    return FreeRunOutcome(steps=100, unit="Lyapunov time", unit_steps=10.0, status=Status(status), message=message)


@pytest.fixture
def loops(gathered):
    """The closed loop of some records."""
    return lambda made: gathered(made).closed_loop


@pytest.fixture
def valid(record):
    """Records of named architectures: for each seed the valid steps of its starts; None is a free run that failed."""

    plain, flat = ("persistence", "mean"), {"generated": [0.5] * 100}

    def make(**starts):
        return [
            record(name, seed, free_run=lost() if steps is None else free_run(steps, **(flat if name in plain else {})))
            for name, seeds in starts.items()
            for seed, steps in enumerate(seeds)
        ]

    return make


@pytest.fixture
def drawn(gathered):
    """A figure of some records."""

    def make(draw, made):
        numbers = gathered(made)
        frame = numbers.selection.frame
        return draw(next(places(numbers, "free_run", styles(ordered(frame), baselines(frame)))))

    return make


@pytest.fixture
def text(stored):
    """The pages of some records, the front page first, then those of the tasks."""

    def written(records):
        page = write_report("toy", stored(records))
        tasks = sorted((page.parent / "tasks").iterdir())
        return "\n".join(file.read_text(encoding="utf-8") for file in (page, *tasks))

    return written


def loop_table(cells, winners):
    return render(Page("report", (table_of(cells, winners),)))


def longest(said):
    return render(Page("report", (Text(sentence(said, frozenset())),))).strip()


def row(table, name):
    """A Markdown row's cells."""
    line = next(line for line in table.splitlines() if f"| {name} " in line)
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_frame_has_the_median_and_quartiles_over_the_starts_in_the_unit(stored, record):
    one = load("toy", stored([record(free_run=free_run((10, 20, 30, 40, 90), diverged=0.2))])).iloc[0]
    assert [one[f"valid_time{suffix}"] for suffix in ("_q1", "", "_q3")] == [2.0, 3.0, 4.0]
    assert one["valid_time_unit"] == "Lyapunov time"
    assert list(one[["nrmse_84", "spectrum_distance", "diverged_share", "generate_seconds"]]) == [0.5, 0.25, 0.2, 0.02]
    assert one["free_run_message"] == ""


@pytest.mark.parametrize(("run", "unit", "message"), [(None, "", ""), (lost("no"), "Lyapunov time", "no")])
def test_a_record_without_an_outcome_of_the_closed_loop_has_nan_in_the_frame(stored, record, run, unit, message):
    frame = load("toy", stored([record(free_run=run)]))
    numbers = ["valid_time", "valid_time_q1", "valid_time_q3", "nrmse_84", "spectrum_distance", "diverged_share"]
    assert frame[[*numbers, "generate_seconds"]].isna().all(axis=None)
    assert (frame[numbers].dtypes == np.float64).all()
    assert (frame["valid_time_unit"][0], frame["free_run_message"][0]) == (unit, message)


def test_the_starts_of_all_seeds_are_pooled(loops, valid):
    cell = loops(valid(gru=[(10, 100), (20, 30, 40)])).cells.iloc[0]
    assert [cell[f"valid_time{suffix}"] for suffix in ("_q1", "", "_q3")] == [2.0, 3.0, 4.0]
    assert (cell["seeds"], cell["starts"], cell["to_end"], cell["cap"]) == (2, 5, 0.2, 10.0)


def test_the_other_scores_are_medians_over_the_seeds(loops, record):
    facts = [(0.1, 0.3, 0.0, 0.02), (0.2, 0.1, 0.5, 0.04), (0.9, 0.2, 0.1, 0.06)]
    names = ("nrmse_84", "spectrum_distance", "diverged", "seconds")
    made = [record(seed=i, free_run=free_run(**dict(zip(names, one, strict=True)))) for i, one in enumerate(facts)]
    cell = loops(made).cells.iloc[0]
    assert [cell["nrmse_84"], cell["spectrum_distance"], cell["diverged_share"]] == [0.2, 0.2, 0.1]
    assert cell["step_us"] == pytest.approx(0.04 / (2 * 100) * 1e6)


def test_a_median_at_the_end_of_the_run_is_shown_as_a_bound(loops, valid):
    table = loop_table(loops(valid(gru=[(40, 100, 100)], rnn=[(20, 30, 100)], esn=[(100, 100)])).cells, {})
    assert "valid time (Lyapunov times)" in table
    assert row(table, "gru")[2:4] == ["≥ 10 (7..≥ 10)", "66.7"]
    assert row(table, "rnn")[2:4] == ["3 (2.50..6.50)", "33.3"]
    assert row(table, "esn")[2:4] == ["≥ 10", "100"]


def test_a_score_that_some_seeds_lack_says_how_many_have_it(loops, record):
    made = [record(seed=seed, free_run=free_run(nrmse_84=value)) for seed, value in enumerate((0.3, None, 0.1))]
    assert row(loop_table(loops(made).cells, {}), "gru")[4] == "0.200 (2 of 3 seeds)"


def test_a_competitor_that_generated_with_a_sliding_window_is_marked(loops, record):
    made = [record("gru", free_run=free_run()), record("esn", free_run=free_run(sliding=True))]
    table = loop_table(loops(made).cells, {})
    assert (row(table, "gru")[-1], row(table, "esn")[-1]) == ("100", "100‡")


def test_a_time_measured_with_other_jobs_is_left_out(loops, record):
    made = [record(seed=seed, free_run=free_run()) for seed in range(2)]
    made += [record(seed=2, environment={"jobs": 1}, free_run=free_run(seconds=9.0))]
    assert loops(made).cells["step_us"].tolist() == [pytest.approx(100)]


@pytest.mark.parametrize(
    ("starts", "take", "verdict"),
    [
        ({"gru": [(40, 42), (40,), (42,)], "rnn": [(9, 11), (10,), (10,)]}, "gru", "better than every other"),
        ({"gru": [(30, 50), (40,)], "rnn": [(10, 50), (39,)]}, "gru", "open against rnn"),
        ({"gru": [(30,), (40,), (40,)], "rnn": [(10,), (45,), (10,)]}, "gru", "open against rnn"),
        ({"gru": [(100,), (100,)], "rnn": [(100,), (100,)]}, "rnn", "tie with gru"),
        ({"gru": [(40,)], "rnn": [(30,)]}, "gru", "open against rnn"),
        ({"gru": [(40,), (42,), None, None], "rnn": [(10,)] * 4}, "rnn", "open against gru"),
        ({"gru": [(10,), (10,)], "rnn": [None, None]}, "gru", "the only one"),
    ],
)
def test_a_winner_stays_valid_longer_by_an_interval_that_excludes_no_difference(loops, valid, starts, take, verdict):
    said = loops(valid(**starts)).verdicts
    assert tuple(said.iloc[0][["take", "clear", "verdict"]]) == (take, verdict.startswith("better"), verdict)
    assert longest(said) == f"At length 100, the runs of {take} stay valid longest ({verdict})."


def test_open_loop_errors_do_not_decide_the_closed_loop(loops, record):
    made = [record("gru", seed, mse=0.9, free_run=free_run((50,))) for seed in range(2)]
    made += [record("rnn", seed, mse=0.001, free_run=free_run((5,))) for seed in range(2)]
    assert loops(made).verdicts["take"].tolist() == ["gru"]


def test_the_row_of_a_failed_free_run_says_that_it_failed(text, valid):
    said = text(valid(gru=[(10,), None], rnn=[None, None]))
    loop = said[said.index("# toy: mackey_glass") :]
    table = loop[loop.index("### Closed loop") :]
    assert row(table, "gru")[2] == "1, free run failed 1/2"
    assert "a run ends after 10 Lyapunov times" in table
    assert row(table, "rnn")[2:] == ["free run failed 2/2", "–", "–", "–", "–", "–"]
    assert re.search(
        r"### Free runs that failed .*\n\n.*\n.*\n\| mackey_glass \| gru .* ValueError: wrong shape \| 1 +\|",
        said,
    )


def test_a_competitor_that_declines_the_free_run_has_a_row_and_no_rank(loops, record):
    made = [record("gru", seed, free_run=free_run((50 + seed,))) for seed in range(3)]
    made += [record("rnn", seed, free_run=free_run((5,))) for seed in range(3)]
    made += [record("esn", seed, free_run=lost("no closed loop", "unsupported")) for seed in range(3)]
    found = loops(made)
    assert found.verdicts["verdict"].tolist() == ["better than every other"]
    assert row(loop_table(found.cells, {}), "esn")[2] == "unsupported 3/3"


def test_a_fit_that_failed_before_its_free_run_has_a_row_too(loops, record):
    failed = record("rnn", status="diverged")
    failed = failed.model_copy(update={"trial": failed.trial.model_copy(update={"closed_loop": True})})
    found = loops([record("gru", free_run=free_run()), failed])
    assert row(loop_table(found.cells, {}), "rnn")[2] == "diverged 1/1"
    assert found.missing.total() == 0


def test_an_over_budget_free_run_is_never_ranked(loops, record):
    made = [record("gru", seed, free_run=free_run((10,))) for seed in range(2)]
    made += [record("rnn", seed, status="over_budget", free_run=free_run((90,))) for seed in range(2)]
    found = loops(made)
    assert found.verdicts["take"].tolist() == ["gru"]
    assert row(loop_table(found.cells, {}), "rnn")[2] == "over_budget 2/2"


def test_records_without_a_free_run_are_counted_where_others_of_the_task_have_one(text, record):
    made = [record("gru", seed, free_run=free_run()) for seed in range(2)]
    made += [record("rnn", seed) for seed in range(2)] + [record("rnn", task="cosine")]
    said = text(made)
    assert said.count("without a free run") == 1
    assert "Left out: 2 records without a free run." in said


def test_the_report_of_a_study_without_free_runs_does_not_mention_them(stored, record):
    written = write_report("toy", stored([record()]))
    assert "Closed loop" not in written.read_text()
    assert not (written.parent / "tables" / "closed_loop.csv").exists()
    assert not list((written.parent / "figures").glob("survival*"))


def test_only_a_clear_winner_of_the_closed_loop_is_bold_and_baselines_are_slanted(text, valid):
    clear = text(valid(gru=[(34,), (36,)], linear=[(10,), (10,)]))
    assert "**3.50** (3.45..3.55)" in clear
    assert "| *linear* (baseline) | " in clear[clear.rindex("### Closed loop") :]
    assert "**3.50**" not in text(valid(gru=[(30,), (40,)], linear=[(10,), (50,)]))


def test_the_table_of_the_closed_loop_has_all_digits(stored, record):
    written = write_report("toy", stored([record(free_run=free_run((1, 2), unit_steps=3.0))]))
    found = pd.read_csv(written.parent / "tables" / "closed_loop.csv").iloc[0]
    assert (found["valid_time"], found["unit"]) == (0.5, "Lyapunov time")
    assert found["cap"] == pytest.approx(100 / 3, rel=1e-15)


def test_survival_falls_by_each_start_and_ends_with_those_that_stay(drawn, valid):
    axis = drawn(survival, valid(gru=[(20, 100), (10, 20)], persistence=[(0, 10)])).axes[0]
    lines = {line.get_label(): line.get_xydata().tolist() for line in axis.lines}
    assert lines["gru"] == [[0, 100], [1, 75], [2, 50], [2, 25], [10, 25]]
    assert lines["persistence"] == [[0, 100], [0, 50], [1, 0]]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("time (Lyapunov times)", "starts still valid (%)")


def test_a_free_run_is_marked_at_the_end_of_its_valid_time(drawn, valid):
    axis = drawn(free_runs, valid(gru=[(20,), (90,)], rnn=[(100,)], persistence=[(1,)])).axes[0]
    assert [text.get_text() for text in axis.get_yticklabels()] == ["gru", "rnn"]
    assert [marks.get_segments()[0][:, 0].tolist() for marks in axis.collections] == [[2, 2]]
    assert {text.get_text() for text in axis.texts} == {"valid 2 Lyapunov times", "valid ≥ 10 Lyapunov times"}
    assert axis.lines[0].get_xdata()[-1] == pytest.approx(9.9)
    assert axis.get_xlabel() == "time (Lyapunov times)"


def test_a_return_map_has_a_panel_for_each_network_with_true_and_generated_maxima(drawn, valid):
    figure = drawn(return_map, valid(gru=[(20,)], rnn=[(10,)], mean=[(1,)]))
    assert [axis.get_title() for axis in figure.axes] == ["rnn", "gru"]
    lines = {line.get_label(): line.get_xydata().tolist() for line in figure.axes[0].lines}
    assert lines == {"true": [[0.9, 1.0], [1.0, 0.8]], "generated": [[0.8, 0.9]]}
    assert figure.axes[0].get_ylabel() == "next maximum (input units)"


def test_there_is_no_return_map_if_no_run_has_maxima(drawn, record):
    assert drawn(return_map, [record(free_run=free_run(maxima={"true": [(1.0, 1.0)], "generated": []}))]) is None


def test_only_the_longest_window_is_drawn(drawn, record):
    made = [record("gru", length=length, free_run=free_run(valid)) for length, valid in ((10, (50,)), (20, (30,)))]
    axis = drawn(survival, made).axes[0]
    assert axis.get_title() == "mackey_glass, length 20"
    assert axis.lines[0].get_xdata().tolist() == [0, 3]


@pytest.mark.drawn
def test_the_same_free_runs_give_the_same_bytes_in_any_order(stored, valid, tmp_path):
    records = valid(gru=[(30, 70), None], rnn=[(10, 100), (20, 30)])

    def contents(written):
        return {path.name: path.read_bytes() for path in written.parent.rglob("*") if path.is_file()}

    first = contents(write_report("toy", stored(records)))
    assert {"closed_loop.csv", "return_map-equal-updates-mackey_glass.svg"} <= first.keys()
    assert first == contents(write_report("toy", stored(records[::-1], tmp_path / "elsewhere")))


def test_the_page_says_which_free_runs_diverged_and_when(text, record):
    made = [record(seed=i, free_run=free_run(diverged=0.5, diverged_at=[None, at])) for i, at in enumerate((32, 75))]
    made += [record(seed=2, free_run=free_run())]  # its starts count, though none diverged
    said = text(made)
    assert "they left the range of the truth by its width" in said
    assert (
        "- gru at length 100: 2 of 6 starts diverged, the first after 3.20, the last after 7.50 Lyapunov times." in said
    )


def test_the_page_says_that_an_older_record_does_not_tell_when_its_free_run_diverged(text, record):
    said = text([record(free_run=free_run(diverged=0.5))])
    assert "- gru at length 100: 1 of 2 starts diverged; the records do not say when." in said


@pytest.fixture
def kept(record, stored):
    """A record whose free run lies in an artifact, as the writer leaves it; returns the results folder and the file."""

    def make():
        arrays = {
            "free_run.true": np.array([0.0, 1.0, 2.0], np.float32),
            "free_run.generated": np.array([0.0, 1.0, 5.0], np.float32),
            "free_run.maxima_true": np.array([[1.0, 2.0]]),
            "free_run.maxima_generated": np.array([[1.5, 2.5]]),
        }
        content, facts = artifacts.pack(arrays)
        bare = free_run((1, 2), true=[], generated=[], maxima={})
        one = record(free_run=bare, artifact=facts)
        one = one.model_copy(update={"trial": one.trial.model_copy(update={"study": "toy"})})
        results = stored([one])
        artifacts.write(artifacts.path(results, one), content)
        return results, artifacts.path(results, one)

    return make


def test_arrays_of_a_free_run_come_from_its_artifact(kept):
    results, _ = kept()
    numbers = gather("toy", *read("toy", results), results)
    place = next(places(numbers, "free_run", styles(["gru"])))
    assert free_runs(place).axes[0].lines[1].get_xdata().tolist() == [0, 0.1, 0.2]
    assert return_map(place).axes[0].lines[1].get_xydata().tolist() == [[1.5, 2.5]]


def test_a_figure_whose_artifact_is_missing_is_replaced_by_a_sentence(kept):
    results, file = kept()
    file.unlink()
    page = write_report("toy", results)
    [task] = (page.parent / "tasks").iterdir()
    assert f"There is no figure of free runs here. gru: The artifact {file.name} is not there." in task.read_text()
    assert not list((page.parent / "figures").glob("free_runs*"))


def test_the_closed_loop_comes_first_and_names_whose_runs_diverged(stored, record):
    made = [record(name, seed, free_run=free_run((10,))) for name in ("gru", "rnn") for seed in range(2)]
    made += [record("lstm", seed, free_run=free_run((1,), diverged=1.0, diverged_at=[4])) for seed in range(2)]
    said = write_report("toy", stored(made)).read_text()
    short = said.partition("## In short")[2].partition("\n## ")[0]
    assert short.index("### Closed loop") < short.index("longest valid") < short.index("### Open loop")
    assert "- Some free runs diverged, namely runs of lstm on mackey_glass. The pages" in short
    assert said.count("longest valid") == 1


def test_figures_name_the_feature_where_there_are_several(drawn, record):
    three = {"mean": [0.0, 0.0, 0.0], "test": 800}
    many, one = ([record(free_run=free_run(), data=data)] for data in (three, {"mean": [0.0], "test": 800}))
    assert drawn(free_runs, many).axes[0].get_title().endswith("one seed, first feature")
    assert drawn(free_runs, one).axes[0].get_title().endswith("one seed")
    assert drawn(return_map, many).axes[0].get_xlabel() == "maximum, last feature (input units)"


def test_tasks_of_the_closed_loop_are_in_natural_order(stored, record):
    made = [record(task_options={"tau": tau}, free_run=free_run()) for tau in (100, 17, 30)]
    short = write_report("toy", stored(made)).read_text().partition("### Open loop")[0]
    assert re.findall(r"tau=(\d+)\)\]", short) == ["17", "30", "100"]
