import numpy as np
import pytest

from benchbench.core.errors import InputError
from benchbench.core.objective import Objective
from benchbench.report.analysis.order import natural, order
from benchbench.report.analysis.select import select
from benchbench.report.frame import load


@pytest.fixture
def chosen(stored):
    return lambda records: select(load("toy", stored(records)))


def test_the_option_set_is_chosen_on_validation_and_not_on_test(chosen, record):
    records = [
        record(seed=seed, options={"rate": rate}, valid=valid, mse=mse)
        for seed in range(3)
        for rate, valid, mse in ((0.001, 0.2, 0.01), (0.005, 0.1, 0.05))
    ]
    selection = chosen(records)
    assert set(selection.frame["test_mse"]) == {0.05}
    assert selection.options[["option_sets", "set", "valid_choice"]].values.tolist() == [[2, '{"rate": 0.005}', 0.1]]


def test_the_option_set_is_chosen_separately_for_each_length(chosen, record):
    records = [
        record(length=length, options={"rate": rate}, valid=valid)
        for length, rate, valid in ((10, 1, 0.1), (10, 2, 0.2), (20, 1, 0.2), (20, 2, 0.1))
    ]
    assert list(chosen(records).options["set"]) == ['{"rate": 1}', '{"rate": 2}']


def test_an_option_set_that_fails_on_most_seeds_is_not_chosen_for_its_best_seed(chosen, record):
    lucky = [record(seed=0, options={"rate": 1}, valid=0.01)]
    lucky += [record(seed=seed, options={"rate": 1}, status="diverged") for seed in (1, 2)]
    steady = [record(seed=seed, options={"rate": 2}, valid=0.1) for seed in range(3)]
    selection = chosen(lucky + steady)
    assert list(selection.options["set"]) == ['{"rate": 2}']
    assert len(selection.failures) == 2


def test_old_versions_are_left_out_and_counted(chosen, record):
    old = [record(seed=seed, versions={"task": 1, "architecture": 1}) for seed in range(3)]
    new = [record(seed=seed, versions={"task": 2, "architecture": 1}) for seed in range(2)]
    selection = chosen(old + new)
    assert set(selection.frame["task_version"]) == {2}
    assert selection.notes == ("Left out: 3 records of an older version of a task or an architecture.",)


def test_a_budget_whose_content_changed_keeps_the_latest_content(chosen, record, budgets):
    longer = budgets[0].model_copy(update={"updates": 2_000})
    first = [record(name, seed, started="2026-01-01T00:00:00") for name in ("gru", "rnn") for seed in range(2)]
    later = [record("gru", seed, budget=longer, started="2026-01-02T00:00:00") for seed in range(2)]
    selection = chosen(later + first)
    assert len(selection.frame) == 2
    assert all(limits["updates"] == 2_000 for limits in selection.frame["budget_limits"])
    assert selection.notes == ("Left out: 4 records of a budget whose limits were changed later.",)


def test_the_last_of_several_records_of_a_trial_in_its_file_counts_and_is_named(chosen, record):
    twice = [record(mse=0.2, started="2026-01-02"), record(mse=0.1, started="2026-01-01")]
    selection = chosen([*twice, record(seed=1)])
    assert selection.frame["test_mse"].iloc[0] == 0.1
    [said] = selection.notes
    assert said == (
        "Several records of one trial: 1 trial has 2 records; the last in its file counts "
        "(toy-cpu-2-cores.jsonl: line 2, not 1)."
    )


def test_several_records_of_many_trials_are_counted(chosen, record):
    selection = chosen([record(seed=seed) for seed in (*range(5), *range(5), 0)])
    [said] = selection.notes
    assert "5 trials have 11 records" in said
    assert "toy-cpu-2-cores.jsonl: line 11, not 1 and 6" in said
    assert said.endswith("; and 2 more trials).")


def test_costs_come_from_one_number_of_jobs_and_threads_while_scores_stay(chosen, record):
    usual = [record(seed=seed) for seed in range(3)]
    other = [record(seed=seed, environment={"jobs": 1}) for seed in (3, 4)]
    frame = chosen(usual + other).frame
    assert list(frame["fit_seconds"].notna()) == list(frame["peak_mib"].notna()) == [True] * 3 + [False] * 2
    assert frame["test_mse"].notna().all()
    assert (
        "2 records were made with another number of jobs or threads or another allocator"
        in chosen(usual + other).notes[0]
    )


def test_costs_of_another_allocator_are_left_out(chosen, record):
    usual = [record(seed=seed, environment={"allocator": "default"}) for seed in range(3)]
    other = [record(seed=3, environment={"allocator": "glibc: trim above 1024 MiB"})]
    assert list(chosen(usual + other).frame["fit_seconds"].notna()) == [True] * 3 + [False]


@pytest.mark.parametrize(
    ("spent", "marked"),
    [
        ({"other_cpu_share": 0.5, "fit_seconds": 5.0}, True),
        ({"other_cpu_share": 0.05, "fit_seconds": 5.0}, False),
        ({"other_cpu_share": None}, False),
        ({"load_after": 3.5}, True),
        ({"load_before": 3.5}, True),
        ({"load_before": 2.5, "load_after": 2.5}, False),
        ({}, False),
    ],
)
def test_a_fit_is_marked_as_disturbed_if_other_programs_used_its_cores(chosen, record, spent, marked):
    found = chosen([record(seed=0, spent=record().spent.model_copy(update=spent)), record(seed=1)])
    assert list(found.frame["disturbed"]) == [marked, False]
    assert any("Disturbed: the times of 1 of 2 fits" in note for note in found.notes) == marked


def test_the_time_of_a_window_is_the_time_of_a_pass_divided_by_the_test_sequences(chosen, record):
    frame = chosen([record(predict_seconds=[0.4], data={"test": 800})]).frame
    assert frame["predict_us"].iloc[0] == pytest.approx(500)


def test_variants_of_a_task_are_named_by_the_options_that_differ(chosen, record):
    options = [{"horizon": 15, "tau": 17}, {"horizon": 84, "tau": 17}, {"tau": 17}]
    frame = chosen([record(task_options=chosen_options) for chosen_options in options]).frame
    names = {f"mackey_glass (horizon={value})" for value in (15, 84, "default")}
    assert set(frame["variant"]) == names


def test_devices_and_machines_are_named_only_where_there_are_several(chosen, record):
    assert set(chosen([record()]).frame["condition"]) == {"equal-updates"}
    pairs = [record(device=device, environment={"machine": name}) for device in ("a", "b") for name in ("x", "y")]
    found = {f"equal-updates, {device}, {name}" for device in ("a", "b") for name in ("x", "y")}
    assert set(chosen(pairs).frame["condition"]) == found


@pytest.mark.parametrize("status", ["over_budget", "diverged", "out_of_memory", "timeout", "failed", "unsupported"])
def test_only_ok_trials_are_ranked(chosen, record, status):
    selection = chosen([record(status=status, mse=1e-9), record(seed=1)])
    ranked = selection.frame.set_index("seed")["rank_score"]
    assert np.isinf(ranked[0])
    assert np.isfinite(ranked[1])
    assert list(selection.failures["status"]) == [status]


def test_classic_networks_come_first_and_baselines_last():
    names = ["linear", "zeta", "gru", "mean", "net-128", "net-16", "rnn", "gru"]
    assert order(names, {"linear", "mean"}) == ["rnn", "gru", "net-16", "net-128", "zeta", "linear", "mean"]


@pytest.mark.parametrize(
    "names", [["h16", "h32", "h128"], ["rate=1e-4", "rate=1e-3"], ["a (tau=9.5)", "a (tau=17)"], ["b2", "b10", "c1"]]
)
def test_names_are_sorted_by_the_numbers_in_them(names):
    assert sorted(set(names), key=natural) == names


def test_the_option_set_of_a_classification_is_chosen_by_its_loss_and_not_by_its_score(chosen, classified):
    made = [classified(options={"rate": rate}, score=s, loss=loss) for rate, s, loss in ((1, 0.9, 0.7), (2, 0.8, 0.4))]
    selection = chosen(made)
    assert selection.options[["set", "valid_choice"]].to_numpy().tolist() == [['{"rate": 2}', 0.4]]
    assert selection.frame["test_balanced_accuracy"].tolist() == [0.8]


def test_the_option_set_with_the_highest_choosing_metric_is_chosen(chosen, classified):
    objective = Objective.classification(choose="balanced_accuracy")
    made = [
        classified(options={"rate": rate}, score=score, loss=loss, objective=objective)
        for rate, score, loss in ((1, 0.9, 0.7), (2, 0.8, 0.4))
    ]
    assert chosen(made).options[["set", "valid_choice"]].to_numpy().tolist() == [['{"rate": 1}', 0.9]]


def test_all_option_sets_are_listed_with_their_validation_score(chosen, record):
    selection = chosen([record(options={"rate": rate}, valid=valid) for rate, valid in ((1, 0.3), (2, 0.1), (3, 0.2))])
    assert selection.sets[["set", "valid_choice"]].to_numpy().tolist() == [
        ['{"rate": 2}', 0.1], ['{"rate": 3}', 0.2], ['{"rate": 1}', 0.3]
    ]  # fmt: skip


def on(engine, one, kernel=None):
    return one.model_copy(update={"trial": one.trial.model_copy(update={"engine": engine}), "kernel": kernel})


def test_an_engine_is_part_of_the_condition_where_there_are_several(chosen, record):
    found = chosen([on(engine, record()) for engine in ("torch", "numba")]).frame
    assert sorted(found["condition"]) == ["equal-updates, numba", "equal-updates, torch"]
    assert found["fit_seconds"].notna().all()


def test_competitors_with_an_engine_each_are_compared_with_each_other(chosen, record):
    found = chosen([on("numba", record()), on("torch", record("linear"))]).frame
    assert set(found["condition"]) == {"equal-updates"}


def test_records_of_two_objectives_in_one_table_are_refused(chosen, record, classified):
    made = [record(), classified("rnn", task="mackey_glass", task_options={"horizon": 15})]
    with pytest.raises(InputError, match=r"mackey_glass .*: its records have several objectives, classification by"):
        chosen(made)


def test_times_of_several_kernels_in_one_cell_are_left_out_with_a_note(chosen, record):
    made = [on("torch", record(seed=seed), kernel) for seed, kernel in enumerate(("fused", "fused", "plain"))]
    selection = chosen([*made, on("torch", record("rnn"), "fused")])
    frame = selection.frame.set_index(["architecture", "seed"])
    assert frame.loc["gru", "fit_seconds"].isna().all()
    assert frame.loc["gru", "test_mse"].notna().all()
    assert frame.loc["rnn", "fit_seconds"].notna().all()
    assert selection.notes[-1].startswith("Mixed times: several kernels ran gru on mackey_glass (equal-updates)")


def test_data_that_differ_within_a_seed_are_reported(chosen, record):
    records = [record(name, data={"test": 8, "fingerprint": name}) for name in ("gru", "rnn")]
    assert "The data differ on the same seed" in chosen(records).notes[0]


def test_only_an_unfinished_study_has_a_note_that_it_is_unfinished(chosen, grid):
    records = grid()
    assert not any("Unfinished" in note for note in chosen(records).notes)
    notes = chosen(records[:-2]).notes
    assert any(f"Unfinished: {len(records) - 2} of {len(records)} trials" in note for note in notes)


def test_an_architecture_without_one_of_the_engines_leaves_nothing_unfinished(chosen, record):
    made = [on("torch", record()), on("numba", record()), on("torch", record("rnn"))]
    assert chosen(made).notes == ()


def test_a_trial_that_was_killed_has_the_objective_of_its_task(chosen, record, classified):
    killed = record(task="digits", status="failed", scores={}, samples={}, curve=[])
    frame = chosen([killed, *(classified(seed=seed) for seed in (1, 2))]).frame.sort_values("seed")
    facts = ["objective", "primary", "better", "choose", "loss", "chosen_higher"]
    assert frame["status"].iloc[0] == "failed"
    assert frame["chosen_higher"].dtype == bool
    assert frame[facts].iloc[0].tolist() == frame[facts].iloc[1].tolist()
    assert frame["primary"].iloc[0] == "balanced_accuracy"


def test_a_study_spread_over_machines_is_one_condition_and_complete(chosen, grid):
    spread = [
        one.model_copy(update={"environment": one.environment.model_copy(update={"machine": f"m{one.trial.seed}"})})
        for one in grid()
    ]
    selection = chosen(spread)
    assert set(selection.frame["condition"]) == {"equal-updates"}
    assert not any("Unfinished" in note for note in selection.notes)
    assert selection.notes[-1].startswith("Mixed times: the trials of 28 of 28 combinations")
    assert selection.frame["fit_seconds"].isna().all()
    assert selection.frame["test_mse"].notna().all()


def test_machines_with_a_task_each_keep_their_times(chosen, grid):
    spread = [
        one.model_copy(update={"environment": one.environment.model_copy(update={"machine": one.trial.task})})
        for one in grid()
    ]
    selection = chosen(spread)
    assert selection.notes == ()
    assert set(selection.frame["condition"]) == {"equal-updates"}
    assert selection.frame["fit_seconds"].notna().all()


def test_machines_with_the_same_trials_or_with_several_devices_are_shown_separately(chosen, record):
    same = [record(environment={"machine": name}) for name in ("x", "y")]
    assert set(chosen(same).frame["condition"]) == {"equal-updates, x", "equal-updates, y"}
    pairs = [
        record(seed=seed, device=device, environment={"machine": f"m{seed}"})
        for seed in (0, 1) for device in ("cpu", "cuda:0")
    ]  # fmt: skip
    selection = chosen(pairs)
    assert set(selection.frame["condition"]) == {
        f"equal-updates, {d}, {m}" for d in ("cpu", "cuda:0") for m in ("m0", "m1")
    }
    assert selection.notes == ()
