"""Trials of a tuning in the report: in a table and a section of their own, and in nothing else."""

import json

import numpy as np
import pandas as pd
import pytest

from benchbench import load, write_report
from benchbench.core.errors import InputError
from benchbench.core.objective import Objective
from benchbench.core.record import Status
from benchbench.core.spec import Budget
from benchbench.core.tuning import FIRST_SEED
from benchbench.report.analysis.select import select
from benchbench.report.analysis.study import gather
from benchbench.report.analysis.trials import Records
from benchbench.report.analysis.tuning import changes, tuning
from benchbench.report.frame import read
from benchbench.report.page.blocks import Source, Table
from benchbench.report.page.tuning import tuned

pytestmark = pytest.mark.long

SHORT, LONG = (Budget(name=f"ladder-{n}", parameters=10_000, updates=n) for n in (300, 3000))
SETS = ({}, {"learning_rate": 0.01}, {"learning_rate": 0.001})


@pytest.fixture
def tried(record):
    """Tries of competitors, on two seeds each, whose validation errors have these geometric means."""

    def make(budget=SHORT, sets=SETS, seeds=2, **errors):
        return [
            _tuning(record(name, FIRST_SEED + seed, valid=value * 4.0 ** (seed - 0.5), options=options, budget=budget))
            for name, values in errors.items()
            for options, value in zip(sets, values, strict=True)
            for seed in range(seeds)
        ]

    return make


def _tuning(one, **fields):
    scores = {**one.scores, "valid_loss": one.scores["valid_mse"]} if one.scores else {}
    return one.model_copy(update={"trial": one.trial.model_copy(update={"tuning": True}), "scores": scores, **fields})


def _with(one, **fields):
    return one.model_copy(update={"trial": one.trial.model_copy(update=fields)})


def _on_another_machine(one):
    return one.model_copy(update={"environment": one.environment.model_copy(update={"machine": "other"})})


@pytest.fixture
def table(stored):
    def call(records):
        return tuning(*_read(stored(records)))

    return call


def _read(results):
    frame, records = read("toy", results)
    return frame, Records(records)


def test_the_table_has_the_chosen_options_and_their_gain(tried, table):
    made = tried(gru=(0.3, 0.1, 0.2), rnn=(0.4, 0.5, 0.8))
    found = table(made).set_index("architecture")
    assert found.index.tolist() == ["rnn", "gru"]
    assert found.loc["gru", ["set", "tries", "seeds", "failed", "trials"]].tolist() == [
        '{"learning_rate": 0.01}',
        3,
        2,
        0,
        6,
    ]
    assert found.loc["gru", ["default_valid", "valid", "gain"]].tolist() == pytest.approx([0.3, 0.1, 3.0])
    assert found.loc["rnn", ["default_valid", "valid", "gain"]].tolist() == pytest.approx([0.4, 0.4, 1.0])
    assert found.loc["rnn", "set"] == "{}"
    assert found["fit_seconds"].sum() == pytest.approx(sum(one.spent.fit_seconds for one in made))


def test_the_numbers_of_a_row_name_the_trials_that_they_come_from(tried, record, stored):
    made = tried(gru=(0.3, 0.1, 0.2))
    results = stored([*made, record("gru", 0, options=SETS[1], budget=SHORT)])
    [shown] = [one for one in tuned(gather("toy", *read("toy", results), results)) if isinstance(one, Table)]
    keys = [{one.trial.key for one in made if one.trial.architecture_options == options} for options in SETS]
    named = [{key for one in cell if isinstance(one, Source) for key, _ in one.trials} for cell in shown.rows[0]]
    every, before, after = set().union(*keys), keys[0], keys[1]
    assert len(every) == 6
    assert named == [set()] * 4 + [every, every, before, after, before | after, every, every]


def test_a_study_that_is_still_being_tuned_gets_a_message_instead_of_a_report(tried, stored):
    with pytest.raises(InputError, match="only trials of its tuning have ended"):
        write_report("toy", stored(tried(gru=(0.3, 0.1, 0.2))))


def test_a_longest_rung_without_the_default_has_no_gain(tried, table):
    again = tried(budget=LONG, sets=SETS[1:], gru=(0.05, 0.02))
    found = table([*tried(gru=(0.3, 0.1, 0.2)), *again]).set_index("condition")
    assert found.loc["ladder-3000", "set"] == '{"learning_rate": 0.001}'
    assert np.isnan(found.loc["ladder-3000", "gain"])
    assert found.loc["ladder-3000", "default"] == "{}"


def test_a_failed_try_is_counted_and_not_chosen(tried, table):
    made = tried(gru=(0.3, 0.1, 0.2))
    broken = [
        one.model_copy(update={"status": Status.DIVERGED, "scores": {}}) if i == 2 else one
        for i, one in enumerate(made)
    ]
    [row] = table(broken).to_dict("records")
    assert (row["failed"], row["set"]) == (1, '{"learning_rate": 0.001}')


def test_accuracies_gain_by_their_difference(classified, table):
    facts = Objective.classification(choose="balanced_accuracy")
    made = [
        classified("gru", FIRST_SEED, score=score, options=options, objective=facts)
        for score, options in zip((0.6, 0.9, 0.7), SETS, strict=True)
    ]
    tuned = [one.model_copy(update={"trial": one.trial.model_copy(update={"tuning": True})}) for one in made]
    [row] = table(tuned).to_dict("records")
    assert [row["default_valid"], row["valid"], row["gain"]] == pytest.approx([0.6, 0.9, 0.3])


def test_a_sentence_says_whether_tuning_changes_the_best_competitor_on_validation(tried, table):
    turned = list(changes(table(tried(gru=(0.3, 0.1, 0.2), rnn=(0.2, 0.5, 0.8)))))
    assert turned == ["On mackey_glass (ladder-300), rnn is best on validation by default, and gru when all are tuned."]
    same = list(changes(table(tried(gru=(0.3, 0.1, 0.2), rnn=(0.4, 0.5, 0.8)))))
    assert same == ["On mackey_glass (ladder-300), gru is best on validation by default and when all are tuned."]


@pytest.mark.long
def test_no_trial_of_a_tuning_is_compared_and_no_table_but_its_own_changes(tried, grid, stored, tmp_path):
    plain, tries = grid(("mackey_glass",), (100,), budgets=(SHORT,)), tried(gru=(1e-9, 0.3, 0.2), rnn=(0.2, 0.5, 0.8))
    frames, tables = [], []
    for i, records in enumerate((plain, [*plain, *tries])):
        results = stored(records, tmp_path / str(i))
        frames.append(select(load("toy", results)))
        folder = write_report("toy", results).parent / "tables"
        tables.append({file.name: file.read_text() for file in folder.iterdir()})
    pd.testing.assert_frame_equal(frames[0].frame.reset_index(drop=True), frames[1].frame.reset_index(drop=True))
    assert frames[0].notes == frames[1].notes
    more = tables[1].pop("tuning.csv")
    assert len(more.splitlines()) == 3
    assert tables[0] == tables[1]


def test_winners_that_differ_between_places_leave_no_gap_in_the_grid(record, tried, stored):
    made = tried(gru=(0.3, 0.1, 0.2)) + [
        record("gru", seed, task=task, options=options)
        for task, options in (("cosine", {}), ("mackey_glass", {"learning_rate": 0.01}))
        for seed in range(2)
    ]
    assert not [note for note in select(load("toy", stored(made))).notes if note.startswith("Unfinished")]
    [note] = [one for one in select(load("toy", stored(made[:-1]))).notes if one.startswith("Unfinished: 3 of 4")]
    assert note.endswith("Without a record: gru (1 trial; task mackey_glass; seed 1).")


def test_results_of_a_set_that_tuning_no_longer_chooses_are_left_out(record, tried, stored):
    earlier = [record("gru", seed, options={"learning_rate": 0.001}, valid=1e-6, mse=0.5) for seed in range(2)]
    now = [record("gru", seed, options={"learning_rate": 0.01}, mse=0.7) for seed in range(2)]
    results = stored([*tried(gru=(0.3, 0.1, 0.2)), *earlier, *now, record("rnn", options={"layers": 2})])
    selection = gather("toy", *read("toy", results), results).selection
    assert sorted(selection.frame["test_mse"])[-2:] == [0.7, 0.7]
    assert 0.5 not in set(selection.frame["test_mse"])
    assert set(selection.frame["architecture"]) == {"gru", "rnn"}
    said = "an older option set than the newest record of the same task, length and condition"
    assert selection.notes[0] == f"Left out: 2 records of tuned competitors with {said}."


def test_the_newest_results_are_shown_although_a_former_version_of_the_study_has_better_tries(record, tried, stored):
    """The best of all tries is one of a former study's, and what the present one chose was written last."""
    former = [record("gru", seed, options=SETS[1], mse=0.5) for seed in range(2)]
    present = [record("gru", seed, options=SETS[2], mse=0.7) for seed in range(2)]
    elsewhere = [record("gru", seed, options=SETS[1], mse=0.6, length=200) for seed in range(2)]
    made = [*tried(gru=(0.3, 0.1, 0.2)), *former, *elsewhere, *present]
    results = stored(made)
    selection = gather("toy", *read("toy", results), results).selection
    assert sorted(selection.frame["test_mse"]) == [0.6, 0.6, 0.7, 0.7]
    assert selection.notes[0].startswith("Left out: 2 records of tuned competitors")


@pytest.mark.parametrize(
    ("elsewhere", "names"),
    [
        (lambda one: _with(one, engine="numba"), ("torch", "numba")),
        (lambda one: _with(one, device="gpu"), ("cpu", "gpu")),
        (_on_another_machine, ("toy-cpu-2-cores", "other")),
    ],
)
def test_another_engine_device_or_machine_has_winners_of_its_own(record, tried, stored, elsewhere, names):
    tries = tried(gru=(0.3, 0.1, 0.2)), [elsewhere(one) for one in tried(gru=(0.3, 0.2, 0.1))]
    results = [record("gru", seed, options=SETS[1], mse=0.5) for seed in range(2)]
    others = [elsewhere(record("gru", seed, options=SETS[2], mse=0.7)) for seed in range(2)]
    baselines = record("mean", mse=0.9), elsewhere(record("mean", mse=0.9))
    folder = stored([*tries[0], *results, *tries[1], *others, *baselines])
    found = gather("toy", *read("toy", folder), folder)
    assert dict(zip(found.tuning["condition"], found.tuning["set"], strict=True)) == {
        f"ladder-300, {names[0]}": '{"learning_rate": 0.01}',
        f"ladder-300, {names[1]}": '{"learning_rate": 0.001}',
    }
    assert found.tuning["seeds"].tolist() == [2, 2]
    assert sorted(found.selection.frame["test_mse"]) == [0.5, 0.5, 0.7, 0.7, 0.9, 0.9]
    assert not [note for note in found.selection.notes if "tuned competitors" in note]


def test_budgets_at_only_some_of_the_lengths_leave_no_gap(record, stored):
    made = [record(seed=seed, length=length) for length in (100, 200) for seed in range(2)]
    made += [record(seed=seed, length=200, budget=SHORT) for seed in range(2)]
    assert not [note for note in select(load("toy", stored(made))).notes if note.startswith("Unfinished")]
    assert [note for note in select(load("toy", stored(made[:-1]))).notes if note.startswith("Unfinished: 5 of 6")]


def test_added_seeds_leave_no_gap_and_the_page_says_why_they_were_added(record, stored):
    made = [
        record(name, seed, task=task) for name in ("gru", "rnn") for task in ("cosine", "names") for seed in range(5)
    ]
    more = [record(name, seed).model_copy(update={"added": True}) for name in ("gru", "rnn") for seed in range(5, 10)]
    more = [one.model_copy(update={"trial": one.trial.model_copy(update={"task": "cosine"})}) for one in more]
    notes = select(load("toy", stored([*made, *more]))).notes
    assert not [note for note in notes if note.startswith("Unfinished")]
    assert [note for note in notes if note.startswith("Added seeds: 10 records with seeds")]


def test_verdicts_with_added_seeds_have_a_quarter_of_alpha(record, stored):
    from benchbench.report.analysis.verdicts import judged
    from benchbench.statistics.pairs import compare_pairs
    from benchbench.statistics.seeds import resolve

    errors = {"gru": [1.0, 1.1, 0.9, 1.05, 0.95], "rnn": [1.1, 1.3, 0.95, 1.25, 1.0]}
    made = [record(name, seed, mse=value) for name, values in errors.items() for seed, value in enumerate(values)]
    other = [record(name, 9, mse=1.0, task="cosine").model_copy(update={"added": True}) for name in errors]
    scores, rng = np.array([errors["rnn"], errors["gru"]]), np.random.default_rng(0)
    once, looked = compare_pairs(scores, rng)[0], resolve(scores, rng).pairs[0]
    assert (once.verdict, looked.verdict) == ("better", "open")
    for records, pair in ((made, once), ([*made, *other], looked)):
        found = judged(select(load("toy", stored(records))).frame)[0].set_index("variant").loc["mackey_glass"]
        assert (found["verdict"], found["low"], found["high"]) == (pair.verdict, pair.effect.low, pair.effect.high)


@pytest.mark.parametrize(("effect", "verdict"), [(None, "tie"), (0.1, "tie"), (0.02, "open")])
def test_verdicts_with_added_seeds_are_those_of_the_effect_that_they_were_added_for(record, stored, effect, verdict):
    """On a seed the second is up to 3 % worse or better than the first."""
    errors = {"gru": [1.0] * 5, "rnn": [0.97, 1.02, 1.01, 0.98, 1.025]}
    made = [record(name, seed, mse=value) for name, values in errors.items() for seed, value in enumerate(values)]
    made = [one.model_copy(update={"added": True, "resolved": effect}) if one.trial.seed else one for one in made]
    folder = stored(made)
    found = gather("toy", *read("toy", folder), folder)
    assert found.pairs["verdict"].tolist() == [verdict]
    said = f"{100 * (effect or 0.1):g} %"
    [note] = [one for one in found.selection.notes if one.startswith("Added seeds")]
    assert f"undecided at a difference of {said}" in note
    pages = write_report("toy", folder).parent
    assert "effect (98.75 %)" in (pages / "tasks" / "mackey_glass.md").read_text()
    assert "the 98.75 % interval of the paired differences" in (pages / "report.md").read_text()
    assert f"seeds needed for {said}" in (pages / "tasks" / "mackey_glass.md").read_text()


@pytest.mark.long
def test_the_page_shows_the_tries_the_gain_and_the_cost(tried, grid, stored):
    made = [*grid(("mackey_glass",), (100,), budgets=(SHORT,)), *tried(gru=(0.3, 0.1, 0.2), rnn=(0.2, 0.5, 0.8))]
    text = write_report("toy", stored(made)).read_text()
    assert "had 3 tries for each task" in text
    assert "All tries together were 12 trials" in text
    rows = [[cell.strip() for cell in line.split("|")] for line in text.splitlines()]
    row = next(cells for cells in rows if cells[1:4] == ["mackey_glass", "ladder-300", "gru"])
    assert row[4:10] == ["the study's own", "3", "", "0.300", "0.300", "÷ 1"]
    assert "*gain* what tuning brought: ÷ 2 means half the error" in text.replace("\n", " ")
    assert "rnn is best on validation by default and when all are tuned" in text


def test_the_table_of_the_tuning_shows_the_set_that_the_report_shows(record, tried, table):
    """Of tries from two tunings the best need not be what the newest chose."""
    results = [record("gru", seed, options=SETS[2], mse=0.7, budget=SHORT) for seed in range(2)]
    [row] = table([*tried(gru=(0.3, 0.1, 0.2)), *results]).to_dict("records")
    assert (json.loads(row["set"]), row["valid"]) == (SETS[2], pytest.approx(0.2))
    assert row["gain"] == pytest.approx(1.5)
