"""Comparisons of records: pairs of trials, their measures, and trials that are left out."""

import re
from pathlib import Path

import pytest

from benchbench.compare.change import Change
from benchbench.compare.compare import compare, gate
from benchbench.compare.page import markdown
from benchbench.core.errors import InputError
from benchbench.core.objective import ObjectiveFacts
from benchbench.core.record import Status

ONLY_ALIKE = (
    "Times and memory are compared only where jobs, threads, allocator and kernel are the same; they differ in: "
)


@pytest.fixture
def stores(stored, tmp_path):
    """Two folders of results from two lists of records."""

    def call(a, b):
        return str(stored(a, tmp_path / "a")), str(stored(b, tmp_path / "b"))

    return call


def found(comparison, measure):
    return [row for row in comparison.rows if row.measure.name == measure]


def changed(records, **fields):
    return [record.model_copy(update=fields) for record in records]


def spent(records, **factors):
    """The records with some of their costs multiplied."""
    return [
        r.model_copy(
            update={"spent": r.spent.model_copy(update={k: getattr(r.spent, k) * factors[k] for k in factors})}
        )
        for r in records
    ]


def elsewhere(records, **environment):
    return [r.model_copy(update={"environment": r.environment.model_copy(update=environment)}) for r in records]


def of_trial(records, **fields):
    return [r.model_copy(update={"trial": r.trial.model_copy(update=fields)}) for r in records]


@pytest.fixture
def records(grid):
    return grid(tasks=("cosine",), lengths=(100,), names=("gru", "rnn"))


def test_records_against_themselves_show_no_difference(stores, records):
    made = compare(*stores(records, records))
    assert {row.change for row in made.rows} == {Change(1.0, 1.0, 1.0)}
    assert {row.verdict for row in made.rows} == {"no difference seen"}
    assert [row.name for row in found(made, "fit time")] == [("cosine", "rnn", "100"), ("cosine", "gru", "100")]
    assert list(dict.fromkeys(row.measure.name for row in made.rows)) == [
        "fit time", "prediction time", "peak memory", "test mse",
    ]  # fmt: skip
    assert "**All rows:** device cpu, engine torch, budget equal-updates, machine toy-cpu-2-cores" in markdown(made)


def test_trials_of_a_tuning_are_not_compared(stores, records):
    tries = [one.model_copy(update={"trial": one.trial.model_copy(update={"tuning": True})}) for one in records]
    made = compare(*stores(records, [*records, *spent(tries, fit_seconds=9)]))
    assert {row.change for row in made.rows} == {Change(1.0, 1.0, 1.0)}
    assert "12 trials" not in markdown(made)


def test_twice_the_fit_time_is_a_ratio_of_two_and_slower(stores, records):
    made = compare(*stores(records, spent(records, fit_seconds=2)))
    assert [(row.change, row.verdict) for row in found(made, "fit time")] == [(Change(2.0, 2.0, 2.0), "slower")] * 2
    assert {row.verdict for row in made.rows if row.measure.name != "fit time"} == {"no difference seen"}


def test_memory_has_the_verdicts_more_and_less_and_an_error_worse_and_better_without_a_margin(stores, records):
    more = [
        r.model_copy(update={"scores": {**r.scores, "test_mse": (r.scores["test_mse"] or 0) * 1.01}})
        for r in spent(records, peak_bytes=3)
    ]
    a, b = stores(records, more)
    assert [row.verdict for row in compare(a, b).rows if row.measure.kind != "time"] == ["more"] * 2 + ["worse"] * 2
    assert {row.verdict for row in compare(b, a).rows} == {"less", "better", "no difference seen"}


def test_a_memory_of_zero_on_one_side_gives_no_ratio(stores, records):
    made = compare(*stores(records, spent(records, peak_bytes=0)))
    assert {row.verdict for row in found(made, "peak memory")} == {"no ratio: 0 on one side"}
    assert gate(made, 1.5) == (False, ["not judged: 2 rows"])


def test_memory_of_the_device_is_compared_where_it_is_recorded(stores, records):
    held = [r.model_copy(update={"spent": r.spent.model_copy(update={"device_peak_bytes": 8})}) for r in records]
    assert len(found(compare(*stores(held, held)), "peak device memory")) == 2
    assert not found(compare(*stores(held, records)), "peak device memory")


def test_two_seeds_are_too_few(stores, grid):
    records = grid(tasks=("cosine",), lengths=(100,), names=("gru",), seeds=2)
    assert {row.verdict for row in compare(*stores(records, records)).rows} == {"too few seeds"}


def test_records_of_another_machine_are_refused(stores, records):
    with pytest.raises(InputError, match="different machines: A: toy-cpu-2-cores; B: else; times are not compared"):
        compare(*stores(records, elsewhere(records, machine="else")))


def test_two_machines_that_both_sides_have_are_separate_rows(stores, records):
    both = records + elsewhere(spent(records, fit_seconds=5), machine="else")
    made = compare(*stores(both, both))
    assert made.columns == ("task", "architecture", "length", "machine")
    assert {row.name[3] for row in made.rows} == {"toy-cpu-2-cores", "else"}


def test_with_other_threads_times_and_memory_are_left_out_and_errors_compared(stores, records):
    made = compare(*stores(records, elsewhere(records, threads=2)))
    assert {row.measure.name for row in made.rows} == {"test mse"}
    assert made.notes == (f"{ONLY_ALIKE}A jobs 2, threads 1; B jobs 2, threads 2.",)


def test_a_pair_with_different_data_is_left_out(stores, records):
    other = [
        r.model_copy(update={"data": {**r.data, "fingerprint": "zz"}}) if r.trial.seed == 0 else r for r in records
    ]
    made = compare(*stores(records, other))
    assert made.notes == ("Left out: 2 pairs whose data differ.",)
    assert {row.verdict for row in made.rows} == {"too few seeds"}


@pytest.mark.parametrize(
    "fields",
    [
        {"task_options": {"horizon": 20}},
        {"versions": {"task": 2, "architecture": 1}},
        {"architecture_options": {"layers": 2}},
        {"length": 101},
    ],
)
def test_different_trials_are_not_paired(stores, records, fields):
    with pytest.raises(InputError, match=r"nothing that can be compared\. In A only, 2 rows: cosine"):
        compare(*stores(records, of_trial(records, **fields)))


def test_budgets_with_the_same_name_and_other_limits_are_not_paired(stores, records, budgets):
    longer = budgets[0].model_copy(update={"updates": 2000})
    with pytest.raises(InputError, match=r"rnn 100 equal-updates \(updates=1000\)"):
        compare(*stores(records, of_trial(records, budget=longer)))


def test_another_version_of_an_architecture_is_compared_with_a_note(stores, records):
    made = compare(*stores(records, of_trial(records, versions={"task": 1, "architecture": 2})))
    assert made.notes == ("Versions that differ: gru 1 in A against gru 2 in B and rnn 1 in A against rnn 2 in B.",)


def test_options_are_named_where_they_tell_rows_apart(stores, record):
    records = [record("gru", i, options={"layers": n, "bias": True}) for i in range(3) for n in (1, 2)]
    assert [row.name[1] for row in found(compare(*stores(records, records)), "test mse")] == [
        "gru (layers=1)", "gru (layers=2)",
    ]  # fmt: skip


def test_the_last_record_of_a_trial_counts_and_only_if_it_is_ok(stores, records):
    slower, failed = spent(records, fit_seconds=3), changed(records[:1], status=Status.FAILED)
    made = compare(*stores([*records, *slower], [*records, *slower, *failed]))
    assert {row.change.value for row in found(made, "fit time")} == {1.0}
    assert made.notes[-1] == "In B not ok: 1 failed."
    assert "In A only: 1 seed of rows that both have." in made.notes
    assert "In A 6 records superseded by a later line of the file." in made.notes


def test_records_are_read_from_a_file_a_folder_or_a_folder_of_results(stores, records):
    a, b = (Path(path) for path in stores(records, records))
    [file] = a.rglob("*.jsonl")
    assert compare(str(file), str(b)).rows == compare(str(file.parent), str(b / "records")).rows
    assert len(compare(str(file), str(b)).rows) == 8


def test_common_studies_are_compared_and_single_studies_under_any_name(stored, records, tmp_path):
    a, b, alone = (tmp_path / name for name in ("a", "b", "alone"))
    for study in ("main", "extra"):
        stored(of_trial(records, study=study), a, study)
    stored(of_trial(records, study="main"), b, "main")
    stored(of_trial(records, study="new"), alone, "new")
    made = compare(str(a), str(b))
    assert made.notes == ("In A only: study extra.",)
    assert made.same[0] == "study main"
    assert compare(str(b), str(alone)).rows == made.rows
    with pytest.raises(InputError, match=r"no study is on both sides: .*a has extra and main, .*alone has new"):
        compare(str(a), str(alone))


def test_a_torn_last_line_is_skipped_and_a_bad_line_is_named(stores, records):
    a, b = stores(records, records)
    [file] = Path(b).rglob("*.jsonl")
    whole = file.read_text()
    file.write_text(whole + '{"trial":')
    assert len(compare(a, b).rows) == 8
    file.write_text("{}\n" + whole)
    with pytest.raises(InputError, match=r"toy-cpu-2-cores.jsonl:1: not a record"):
        compare(a, b)
    file.write_text("{")
    with pytest.raises(InputError, match="no complete record yet"):
        compare(a, b)


def test_the_gate_fails_where_trials_failed_in_b_only(stores, records):
    lost = [r.model_copy(update={"status": Status.DIVERGED}) if r.trial.architecture == "gru" else r for r in records]
    a, b = stores(records, lost)
    assert gate(compare(a, b), 1.5) == (True, ["failed only in B: 1 row: cosine gru 100"])
    assert gate(compare(b, a), 1.5)[0] is False


def scored(records, name, values, better="higher"):
    """The records with another primary metric; ``values`` by seed."""
    return [
        r.model_copy(
            update={
                "scores": {**r.scores, f"test_{name}": values[r.trial.seed]},
                "objective": ObjectiveFacts(name="own", loss="squared_error", primary=name, metrics={name: better}),
            }
        )
        for r in records
    ]


@pytest.mark.parametrize(("better", "said"), [("higher", ("better", "worse")), ("lower", ("worse", "better"))])
def test_a_larger_score_is_better_only_where_higher_is_better(stores, records, better, said):
    small, large = (scored(records, "skill", [f, f * 1.01, f * 1.02], better) for f in (0.4, 0.8))
    a, b = stores(small, large)
    [row, _] = found(compare(a, b), "test skill")
    assert (row.measure.better, row.by, row.verdict) == (better, "ratio", said[0])
    assert row.change == pytest.approx((2, 2, 2))
    assert found(compare(b, a), "test skill")[0].verdict == said[1]
    assert f"## test skill ({better} is better)" in markdown(compare(a, b))


@pytest.mark.parametrize("zero", [0.0, -0.1])
def test_a_score_that_is_zero_or_negative_somewhere_is_compared_by_its_difference(stores, records, zero):
    a, b = stores(scored(records, "r2", [zero, 0.1, 0.2]), scored(records, "r2", [zero + 0.3, 0.4, 0.5]))
    made = compare(a, b)
    [row, _] = found(made, "test r2")
    assert (row.by, row.verdict) == ("difference", "better")
    assert row.change == pytest.approx((0.3, 0.3, 0.3))
    page = markdown(made)
    assert "difference B − A" in page
    assert re.search(r"\+0\.3 \| +\+0\.3 to \+0\.3 \| +better \|", page)
    assert "its ratio means nothing" in page


def test_the_gate_takes_the_direction_of_a_score_into_account(stores, records):
    high, half, none = (scored(records, "accuracy", [f, f, f]) for f in (0.8, 0.4, 0.0))
    names = "cosine rnn 100 test accuracy {0} and cosine gru 100 test accuracy {0}"
    a, b = stores(high, half)
    assert gate(compare(a, b), 1.5) == (True, [f"above 1.5: 2 rows: {names.format('0.500')}"])
    assert gate(compare(a, b), 2.5) == (False, [])
    assert gate(compare(b, a), 1.5) == (False, [])
    a, b = stores(high, none)
    assert gate(compare(a, b), 2.5) == (True, [f"worse, compared by difference: 2 rows: {names.format('-0.8')}"])


def test_scores_of_different_metrics_are_not_compared(stores, records):
    made = compare(*stores(records, scored(records, "r2", [0.1, 0.2, 0.3])))
    assert {row.measure.kind for row in made.rows} == {"time", "memory"}
    said = "test mse (lower is better) in A and test r2 (higher is better) in B, 2 rows"
    assert made.notes == (f"Scores that differ are not compared: {said}.",)


def test_engines_are_separate_rows(stores, records):
    both = records + spent(of_trial(records, engine="numba"), fit_seconds=5)
    made = compare(*stores(both, both))
    assert made.columns == ("task", "architecture", "length", "engine")
    assert {row.name[3] for row in made.rows} == {"torch", "numba"}
    assert {row.change.value for row in made.rows} == {1.0}


def test_with_another_kernel_times_and_memory_are_left_out(stores, records):
    made = compare(*stores(changed(records, kernel="cudnn"), changed(records, kernel="steps")))
    assert {row.measure.name for row in made.rows} == {"test mse"}
    assert made.notes == (
        f"{ONLY_ALIKE}A jobs 2, threads 1, kernel cudnn; B jobs 2, threads 1, kernel steps.",
    )  # fmt: skip


def test_a_score_without_a_value_has_a_note(stores, records):
    made = compare(*stores(records, scored(records, "mse", [None, 0.1, 0.2], "lower")))
    assert made.notes == ("In B test mse has no value in 2 trials.",)
