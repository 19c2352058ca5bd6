"""The comparison of two engines in the report."""

import re

import pytest

from benchbench.core.spec import Budget
from benchbench.report.analysis.cells import cells
from benchbench.report.analysis.engines import engines
from benchbench.report.analysis.select import select
from benchbench.report.frame import load
from benchbench.report.write import write_report

BUDGET = Budget(name="few", parameters=10_000, updates=101, batch=32)
KERNELS = {"torch": "ATen loop", "numba": "numba gru v1 avx2"}


@pytest.fixture
def on(record):
    """The record of a network on an engine, whose updates take this many milliseconds."""

    def make(engine, name, seed, mse, *, ms=1.0, peak=10, speed=60.0, **fields):
        spent = record().spent.model_copy(
            update={
                "fit_seconds": 0.5 + 100 * ms / 1e3,
                "first_update_seconds": 0.5,
                "updates": 101,
                "trained_parameters": 10_000,
                "peak_bytes": peak * 2**20,
                "kernel_seconds": 7.5 if engine == "numba" else None,
            }
        )
        found = record(name, seed, mse=mse, budget=BUDGET, spent=spent, kernel=KERNELS[engine], **fields)
        yardstick = {"cpu": {"gemm_gflops": speed}} if speed else {}
        environment = found.environment.model_copy(update={"yardstick": yardstick})
        trial = found.trial.model_copy(update={"engine": engine})
        return found.model_copy(update={"trial": trial, "environment": environment})

    return make


@pytest.fixture
def chosen(stored):
    return lambda records: select(load("toy", stored(records))).frame


def test_ratios_are_taken_on_the_same_seed_and_scores_are_compared_with_the_spread(on, chosen):
    times = {0: (10.0, 1.0), 1: (10.0, 2.0), 2: (12.0, 3.0)}
    scores = {0: (0.10, 0.12), 1: (0.12, 0.13), 2: (0.14, 0.11)}
    records = []
    for seed, pair in times.items():
        for engine, ms, mse in zip(("torch", "numba"), pair, scores[seed], strict=True):
            records.append(on(engine, "gru", seed, mse, ms=ms, peak=40 if engine == "torch" else 10))
    [row] = engines(chosen(records)).cells.to_dict("records")
    assert [row["first"], row["second"], row["seeds"]] == ["torch", "numba", 3]
    found = [row[f"update_times{end}"] for end in ("", "_min", "_max")]
    assert found == pytest.approx([5.0, 4.0, 10.0])
    assert row["memory_times"] == pytest.approx(4.0)
    assert [row["score_first"], row["score_second"], row["same"]] == [0.12, 0.12, "yes"]


def test_scores_beyond_the_spread_are_not_the_same_and_one_seed_is_open(on, chosen):
    records = [on("torch", "gru", seed, 0.1 + 0.01 * seed) for seed in range(2)]
    records += [on("numba", "gru", seed, 0.2 + 0.01 * seed) for seed in range(2)]
    records += [on(engine, "rnn", 0, 0.1) for engine in KERNELS]
    found = engines(chosen(records)).cells.set_index("architecture")["same"]
    assert found.to_dict() == {"gru": "no", "rnn": "open"}


@pytest.mark.parametrize(
    ("second", "same", "clear"),
    [
        ({"gru": (0.1, 0.101), "rnn": (0.2, 0.2)}, True, False),
        ({"gru": (0.3, 0.1), "rnn": (0.2, 0.15)}, False, False),
        ({"gru": (0.3, 0.21), "rnn": (0.2, 0.2)}, False, False),
        ({"gru": (0.3, 0.301), "rnn": (0.2, 0.2)}, False, True),
    ],
)
def test_a_ranking_depends_on_the_engine_where_the_intervals_say_so(on, chosen, second, same, clear):
    first = {"gru": (0.1, 0.101), "rnn": (0.2, 0.2)}
    records = [
        on(engine, name, seed, mse)
        for engine, scores in (("torch", first), ("numba", second))
        for name, values in scores.items()
        for seed, mse in enumerate(values)
    ]
    [row] = engines(chosen(records)).orders.to_dict("records")
    assert (row["same"], row["clear"]) == (same, clear)


def test_times_the_floor_divides_an_update_by_its_products_at_the_speed_of_the_yardstick(on, record, chosen):
    records = [on("numba", "gru", seed, 0.1, ms=6.4, speed=60.0) for seed in range(2)]
    frame = chosen([*records, record("esn", mse=0.1), on("numba", "lstm", 0, 0.1, speed=None)])
    found = cells(frame).set_index("architecture")["floor_times"]
    assert found["gru"] == pytest.approx(6.4 / (6 * 10_000 * 100 * 32 / 60e9 * 1e3))
    assert found[["esn", "lstm"]].isna().all()


@pytest.mark.long
def test_the_report_has_both_engines_and_the_compile_times(on, stored):
    records = [
        on(engine, name, seed, 0.1 * (1 + seed) * factor, ms=8.0 if engine == "torch" else 1.0)
        for engine in KERNELS
        for name, factor in (("gru", 1), ("rnn", 2))
        for seed in range(2)
    ]
    page = write_report("toy", stored(records))
    text = page.read_text()
    assert "## Engines: torch over numba" in text
    assert re.search(r"^\| gru +\| +8(\.00)? +\|", text, re.MULTILINE)
    assert "The engine reverses no verdict: in none of 1 combination of task" in text
    assert "The medians give the same order in 1 of 1." in text
    assert "numba gru v1 avx2 in 7.50 s; this was done once on the machine" in text
    whole = (page.parent / "engines.md").read_text()
    assert re.search(r"^\| 100 +\| gru +\| +8(\.00)? +\| +1(\.00)? +\| +8(\.00)? +\|", whole, re.MULTILINE)
    assert "times the floor" in (page.parent / "tasks" / "mackey_glass.md").read_text()


@pytest.mark.long
def test_a_study_of_one_engine_has_no_section_on_engines(grid, stored):
    page = write_report("toy", stored(grid()))
    assert "Engines" not in page.read_text()
    assert not (page.parent / "engines.md").exists()
