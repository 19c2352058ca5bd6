import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchbench.core.spec import Budget
from benchbench.report.analysis.devices import crossovers as crossing
from benchbench.report.analysis.devices import devices
from benchbench.report.analysis.select import select
from benchbench.report.analysis.study import gather
from benchbench.report.figures.devices import times_by_batch
from benchbench.report.figures.place import places
from benchbench.report.figures.style import styles
from benchbench.report.frame import load, read
from benchbench.report.page.blocks import Page
from benchbench.report.page.devices import time_table as table_of
from benchbench.report.render.markdown import render
from benchbench.report.write import write_report

pytestmark = pytest.mark.long


def batch(size, **limits):
    limits = limits or {"updates": 100}
    return Budget(name=f"batch-{size}", parameters=10_000, batch=size, **limits)


@pytest.fixture
def pair(record):
    """The records of a seed on the CPU, on a GPU, or on both, whose updates take these numbers of milliseconds."""

    def make(cpu, gpu, seed=0, *, name="gru", updates=(1_001, 1_001), predict=(0.08, 0.02), both=None, **fields):
        found = []
        for device, each, count, passed in zip(("cpu", "gpu"), (cpu, gpu), updates, predict, strict=True):
            fit = None if each is None else 0.5 + (count - 1) * each / 1e3
            spent = record().spent.model_copy(
                update={"fit_seconds": fit, "first_update_seconds": 0.5, "updates": count}
            )
            changed = {**fields, **(both or {}).get(device, {})}
            facts = {
                "device": device,
                "spent": spent,
                "predict_seconds": [passed],
                "samples": {},
                "curve": [],
                **changed,
            }
            found += [] if each is None else [record(name, seed, **facts)]
        return found

    return make


@pytest.fixture
def compared(stored):
    return lambda records: devices(select(load("toy", stored(records))).frame)


@pytest.fixture
def section(stored):
    """The front page's part on devices, and the page of all times; both are empty if there is none."""

    def written(records):
        page = write_report("toy", stored(records))
        times = page.parent / "devices.md"
        assert "## Devices" not in page.read_text().partition("## In short")[0]
        front = page.read_text().partition("## Devices")[2].partition("\n## ")[0]
        return front + (times.read_text() if times.exists() else "")

    return written


def time_table(cells):
    return render(Page("report", (table_of(cells),)))


def grid(pair, seconds, seeds=2, name="gru"):
    """The records of times by (batch, length): (CPU, GPU); those of the CPU grow by a thousandth with the seed."""
    return [
        one
        for (size, length), (cpu, gpu) in seconds.items()
        for seed in range(seeds)
        for one in pair(cpu * (1 + 0.001 * seed), gpu, seed, name=name, length=length, budget=batch(size))
    ]


def test_times_are_divided_for_each_seed_before_the_median_and_the_spread_are_taken(compared, pair):
    seconds = [(6.0, 1.0), (4.0, 2.0), (9.0, 3.0)]
    found = compared([one for seed, (cpu, gpu) in enumerate(seconds) for one in pair(cpu, gpu, seed)])
    [row] = found.cells.to_dict("records")
    assert (row["update_ms_cpu"], row["update_ms_device"]) == (6.0, 2.0)
    assert (row["update_times_min"], row["update_times"], row["update_times_max"]) == (2.0, 3.0, 6.0)
    logs = np.log([6.0, 2.0, 3.0])
    theirs = stats.ttest_1samp(logs, 0.0).confidence_interval()
    assert (row["update_low"], row["update_high"]) == pytest.approx(tuple(np.exp(theirs)))
    assert (row["update_verdict"], row["seeds"], row["device"]) == ("open", 3, "gpu")
    assert found.notes == ()


def test_predictions_are_compared_by_their_time_for_a_window(compared, pair):
    [row] = compared([*pair(1.0, 1.0, 0), *pair(1.0, 1.0, 1, predict=(0.04, 0.02))]).cells.to_dict("records")
    assert (row["predict_us_cpu"], row["predict_us_device"]) == (pytest.approx(75), pytest.approx(25))
    assert (row["predict_times_min"], row["predict_times_max"]) == (pytest.approx(2), pytest.approx(4))


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [
        ([(2.0, 1.0), (2.1, 1.0), (2.0, 1.02)], "faster"),
        ([(1.0, 2.0), (1.0, 2.1), (1.02, 2.0)], "slower"),
        ([(2.0, 1.0), (3.0, 1.0)], "open"),
        ([(2.0, 1.0), (1.0, 3.0)], "open"),
        ([(1.0, 1.0), (1.01, 1.0), (1.0, 1.01)], "tie"),
        ([(2.0, 1.0)], "open"),
        ([(2.0, 1.0), (2.1, 1.0), (2.0, 1.02), (0.5, None)], "faster"),
    ],
)
def test_only_a_ratio_whose_interval_excludes_no_difference_is_clear(compared, pair, seconds, verdict):
    records = [one for seed, (cpu, gpu) in enumerate(seconds) for one in pair(cpu, gpu, seed, predict=(0.02, 0.02))]
    cells = compared(records).cells
    assert list(cells["update_verdict"]) == [verdict]
    assert ("**" in time_table(cells)) == (verdict in {"faster", "slower"})


def test_the_page_shows_both_times_and_their_ratio_by_length(section, pair):
    records = [*pair(6.0, 1.5, 0), *pair(8.0, 4.0, 1)]
    records += [*pair(1.0, 2.0, 0, length=200), *pair(1.0, 2.02, 1, length=200)]
    text = section(records)
    assert "### mackey_glass, cpu against gpu" in text
    assert "`equal-updates`, over 2 seeds:" in text
    assert re.search(r"\| 100 +\| gru +\| +7 \| +2.75 \| +3 \(2\.\.4\) \|", text)
    assert re.search(r"\| 200 +\| gru +\| +1 \| +2.01 \| +\*\*0.498\*\* \(0.495..0.500\) \|", text)
    assert "From which length on" in text
    assert "From which batch on" not in text


def test_one_device_makes_no_section_no_table_and_no_figure(stored, record):
    written = write_report("toy", stored([record()]))
    assert "## Devices" not in written.read_text()
    assert not [path for path in written.parent.rglob("*") if "devices" in path.name]


def test_devices_of_different_machines_are_never_compared(section, compared, pair):
    far = {"gpu": {"environment": {"machine": "elsewhere"}}}
    records = [one for seed in range(2) for one in pair(2.0, 1.0, seed, both=far)]
    assert compared(records).cells.empty
    assert section(records) == ""


def test_devices_are_compared_within_each_of_two_machines(compared, pair):
    records = [
        one
        for machine, gpu in (("near", 1.0), ("far", 4.0))
        for seed in range(2)
        for one in pair(2.0, gpu, seed, environment={"machine": machine})
    ]
    cells = compared(records).cells.set_index("comparison")
    assert cells["update_times"].to_dict() == {"gpu, far": 0.5, "gpu, near": 2.0}


def test_two_other_devices_are_each_compared_with_the_cpu(compared, pair, record):
    third = [
        one.model_copy(update={"trial": one.trial.model_copy(update={"device": "tpu"})}) for one in pair(None, 8.0)
    ]
    cells = compared([*pair(2.0, 1.0), *third]).cells.set_index("comparison")
    assert cells["update_times"].to_dict() == {"gpu": 2.0, "tpu": 0.25}


def test_the_page_says_that_other_option_sets_are_not_compared(compared, pair):
    def tried(seed, rate, cpu_valid, gpu_valid):
        valid = {"cpu": {"valid": cpu_valid}, "gpu": {"valid": gpu_valid}}
        return pair(2.0 + 0.01 * seed, 1.0, seed, options={"rate": rate}, both=valid)

    def made(differ):
        return [
            one
            for seed in range(2)
            for one in (*tried(seed, 1, 0.1, 0.2 if differ else 0.1), *tried(seed, 2, 0.2, 0.1 if differ else 0.2))
        ]

    rest = [one for seed in range(2) for one in pair(2.0, 1.0, seed, name="rnn")]
    assert list(compared(made(False)).cells["update_verdict"]) == ["faster"]
    found = compared([*made(True), *rest])
    assert list(found.cells["architecture"]) == ["rnn"]
    [note] = found.notes
    assert note.endswith("since their option sets differ: gru at 100 (equal-updates).")


def test_times_with_other_jobs_are_not_compared_and_the_page_says_why(section, compared, pair):
    alone = {"gpu": {"environment": {"jobs": 1}}}
    records = [*pair(2.0, 1.0, 0, both=alone), *pair(2.0, 1.0, 1, both=alone), *pair(2.0, None, 2)]
    assert compared(records).cells.empty
    assert "Cpu and gpu on toy-cpu-2-cores cannot be compared" in section(records)


def test_a_fit_that_did_not_end_ok_has_no_time(compared, pair):
    late = {"gpu": {"status": "timeout"}}
    cells = compared([*pair(2.0, 1.0, 0), *pair(2.0, 1.0, 1), *pair(2.0, 0.1, 2, both=late)]).cells
    assert (cells["update_times_max"].item(), cells["update_verdict"].item(), cells["seeds"].item()) == (2.0, "open", 3)


def test_fits_with_different_numbers_of_updates_are_compared_by_the_time_of_an_update(compared, pair, budgets):
    records = [one for seed in range(2) for one in pair(6.0, 2.0, seed, budget=budgets[1], updates=(51, 901))]
    [row] = compared(records).cells.to_dict("records")
    assert row["update_times"] == pytest.approx(3)
    assert row["first_update_seconds_device"] == 0.5


def test_a_fit_of_one_update_has_no_time_after_its_first(compared, pair):
    cells = compared([one for seed in range(2) for one in pair(2.0, 1.0, seed, updates=(1, 1))]).cells
    assert (cells["update_times"].isna().all(), cells["predict_times"].item()) == (True, pytest.approx(4))


def test_baselines_are_left_out(compared, pair):
    records = [one for name in ("gru", "linear", "mean") for one in pair(2.0, 1.0, name=name)]
    assert list(compared(records).cells["architecture"]) == ["gru"]


def crossovers(compared, records, along, across):
    """The row of each architecture, without its name."""
    found = crossing(compared(records).cells, along, across)
    return {name: [str(cell) for cell in row] for name, row in zip(found.index, found.to_numpy(), strict=True)}


SLOW, FAST, EVEN = (1.0, 2.0), (2.0, 1.0), (1.0, 1.0)


def test_the_crossover_is_where_the_gpu_is_faster_from_there_on(compared, pair):
    seconds = {
        (16, 100): SLOW, (16, 200): FAST, (16, 300): SLOW,  # faster in between alone
        (64, 100): SLOW, (64, 200): EVEN, (64, 300): FAST,
        (256, 100): FAST, (256, 200): FAST, (256, 300): FAST,
    }  # fmt: skip
    records = grid(pair, seconds)
    assert crossovers(compared, records, "length", "batch") == {"gru": ["not reached", "300", "≤ 100"]}
    assert crossovers(compared, records, "batch", "length") == {"gru": ["256", "256", "64"]}


def test_only_measured_sizes_make_a_crossover(compared, pair):
    records = grid(pair, {(16, 100): SLOW, (64, 100): FAST, (16, 200): FAST}) + grid(
        pair, {(16, 100): FAST, (16, 200): SLOW}, name="rnn"
    )
    assert crossovers(compared, records, "length", "batch") == {"rnn": ["not reached", "–"], "gru": ["200", "≤ 100"]}


def test_one_seed_leaves_the_crossover_open(compared, pair):
    records = grid(pair, {(16, 100): FAST, (16, 200): FAST}, seeds=1)
    assert crossovers(compared, records, "length", "batch") == {"gru": ["open"]}


def test_the_crossover_may_lie_at_an_open_size_below_the_measured_one(compared, pair):
    records = grid(pair, {(16, 100): SLOW, (16, 300): FAST}) + grid(pair, {(16, 200): FAST}, seeds=1)
    assert crossovers(compared, records, "length", "batch") == {"gru": ["≤ 300"]}


def test_a_cell_without_a_time_on_one_device_leaves_the_crossover_open(compared, pair):
    late = {"gpu": {"status": "timeout"}}
    lost = [one for seed in range(2) for one in pair(*FAST, seed, length=300, budget=batch(16), both=late)]
    records = [*grid(pair, {(16, 100): FAST, (16, 200): FAST}), *lost]
    assert crossovers(compared, records, "length", "batch") == {"gru": ["≤ 100 (300: open)"]}


def test_one_batch_has_no_crossover_batch(compared, pair):
    cells = compared(grid(pair, {(16, 100): FAST, (16, 200): FAST})).cells
    assert crossing(cells, "batch", "length").empty


def test_budgets_that_differ_only_in_batch_are_compared_together(compared, pair):
    budgets = [batch(16), batch(64), batch(256, updates=7)]
    cells = compared([one for budget in budgets for one in pair(2.0, 1.0, budget=budget)]).cells
    assert set(cells["comparison"]) == {"gpu, batch-16, batch-64", "gpu, batch-256"}


@pytest.fixture
def drawn(stored):
    def make(records):
        results = stored(records)
        numbers = gather("toy", *read("toy", results), results)
        return times_by_batch(next(places(numbers, "comparison", styles(["gru"]))))

    return make


def test_the_figure_has_batches_on_its_axis_and_a_panel_for_each_length(drawn, pair):
    seconds = {(16, 100): (1.0, 2.0), (64, 100): (3.0, 1.0), (16, 200): (1.0, 1.0), (64, 200): (8.0, 1.0)}
    axes = drawn(grid(pair, seconds)).axes
    assert [axis.get_title() for axis in axes] == ["mackey_glass, length 100", "mackey_glass, length 200"]
    shown = np.array([axis.lines[0].get_xydata() for axis in axes])
    assert shown == pytest.approx(np.array([[[16, 0.5], [64, 3]], [[16, 1], [64, 8]]]), rel=1e-3)
    assert axes[0].get_xlabel() == "batch (windows)"
    assert axes[0].get_ylim() == axes[1].get_ylim()


def test_points_of_one_seed_are_hollow(drawn, pair):
    records = grid(pair, {(16, 100): (1.0, 2.0)}) + grid(pair, {(16, 200): (3.0, 1.0)}, seeds=1)
    [axis] = drawn(records).axes
    hollow = [line.get_xydata().tolist() for line in axis.lines if line.get_markerfacecolor() == "white"]
    assert hollow == [[[200, 3]]]


def test_the_figure_of_one_batch_has_lengths_on_its_axis(drawn, pair):
    [axis] = drawn(grid(pair, {(16, 100): (1.0, 2.0), (16, 200): (3.0, 1.0)})).axes
    assert axis.lines[0].get_xydata() == pytest.approx(np.array([[100, 0.5], [200, 3]]), rel=1e-3)
    assert axis.lines[1].get_ydata() == [1, 1]
    assert axis.get_xlabel() == "length (steps)"


@pytest.mark.drawn
def test_the_table_and_the_figure_are_written_and_linked(stored, pair):
    written = write_report("toy", stored(grid(pair, {(16, 100): FAST, (16, 200): SLOW})))
    table = pd.read_csv(written.parent / "tables" / "devices.csv")
    assert table["update_times"].to_numpy() == pytest.approx([2.0, 0.5], rel=1e-3)
    assert table[["length", "update_verdict"]].to_numpy().tolist() == [[100, "faster"], [200, "slower"]]
    assert "(figures/devices-gpu-mackey_glass.png)" in written.read_text()
    assert (written.parent / "figures" / "devices-gpu-mackey_glass.svg").exists()


def test_a_disturbed_time_is_marked(compared, pair):
    load = {"gpu": {"spent": pair(1.0, 1.0)[0].spent.model_copy(update={"load_after": 9.0, "fit_seconds": 1.0})}}
    cells = compared([*pair(2.0, 1.0, 0), *pair(2.0, 1.0, 1, both=load)]).cells
    assert re.search(r"\| gru +\| +2 \| +0.750† \|", time_table(cells))


def test_devices_are_compared_within_each_of_two_engines(compared, pair):
    def on(engine, one):
        return one.model_copy(
            update={"trial": one.trial.model_copy(update={"engine": engine}), "kernel": f"{engine}-1"}
        )

    times = {"torch": (2.0, 1.0), "numba": (3.0, 1.0)}
    cells = compared([on(engine, one) for engine, both in times.items() for one in pair(*both)]).cells
    found = cells.set_index("comparison")
    assert found["update_times"].to_dict() == {"gpu, numba": 3.0, "gpu, torch": 2.0}
    assert found["kernel_cpu"].to_dict() == {"gpu, numba": "numba-1", "gpu, torch": "torch-1"}
