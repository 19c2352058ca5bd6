"""A tuned study over made-up records: its table, the tries, further fits of the best, and the grid with the winners."""

import pickle
from itertools import product
from math import exp, log

import pytest

from benchbench.core import registry
from benchbench.core.errors import InputError
from benchbench.core.objective import Objective
from benchbench.core.options import Among, Search
from benchbench.core.record import Record, Status
from benchbench.core.study import read
from benchbench.core.tuning import FIRST_SEED, standings

TUNED = """
[tuning]
tries = 4
seeds = 3
budget = "ladder-30"
best = 2
[tuning.spaces.esn]
leak = [0.3, 0.5]
"""
BUDGETS = '[[budgets]]\nname = "ladder"\nupdates = [10, 30, 100, 300]'
TASKS = "[tasks.noisy_sine]\nsamples = [200, 300]"
FIXED_AND_OPEN = '[[architectures.gru]]\nlearning_rate = 0.1\nschedule = "constant"', "[[architectures.gru]]"
COMPETITORS = "[architectures.gru]\n[architectures.esn]\nspectral_radius = 0.9\n[architectures.mean]"


@pytest.fixture
def tuned(study_file):
    """The tuning of a study with some of its parts replaced."""

    def make(tuning=TUNED, budgets=BUDGETS, tasks=TASKS, architectures=COMPETITORS, lengths="[10, 20, 30]"):
        top = f'name = "toy"\nlengths = {lengths}\nseeds = 2'
        file = study_file(top=top, budgets=budgets + tuning, tasks=tasks, architectures=architectures)
        return read(file).tuned(registry.load(), "toy.toml")

    return make


def made(trial, value, status=Status.OK, **fields):
    scores = {"valid_loss": value, "test_loss": 1.0} if status == Status.OK else {}
    return Record(trial=trial, status=status, scores=scores, started="2026-01-01T00:00:00+00:00", **fields)


def records(trials, value):
    return {trial.key: made(trial, value(trial)) for trial in trials}


def test_every_competitor_with_a_space_has_the_same_number_of_tries_per_task(tuned):
    trials = tuned().search_trials()
    counts = {}
    for one in trials:
        counts.setdefault((one.task_options["samples"], one.architecture), []).append(one)
    assert set(counts) == set(product((200, 300), ("gru", "esn")))
    assert {len(several) for several in counts.values()} == {4 * 3}
    assert len({one.key for one in trials}) == len(trials) == 4 * 12
    assert {(one.length, one.budget.updates, one.tuning, one.closed_loop) for one in trials} == {(20, 30, True, False)}


def test_tuning_has_seeds_of_its_own(tuned):
    found = tuned()
    assert {one.seed for one in found.search_trials()} == {FIRST_SEED, FIRST_SEED + 1, FIRST_SEED + 2}
    assert {one.seed for one in found.grid} == {0, 1}


def test_the_default_is_tried_and_options_with_a_value_in_the_table_are_not_searched(tuned):
    tries = tuned().tries
    assert tries["gru"][0] == {}
    assert tries["esn"][0] == {"spectral_radius": 0.9}
    assert all(one["spectral_radius"] == 0.9 for one in tries["esn"])
    assert {one["leak"] for one in tries["esn"][1:]} == {0.3, 0.5}
    assert set(tries["esn"][1]) == {"spectral_radius", "leak", "input_scaling"}
    assert set(tries) == {"gru", "esn"}


def test_one_competitor_may_have_several_engines_and_is_tuned_on_the_first(study_file):
    top = 'name = "toy"\nlengths = [10]\nseeds = 1\nengines = ["numba", "torch"]'
    tuning = "\n[tuning]\ntries = 2"
    file = study_file(
        top=top,
        budgets='[[budgets]]\nname = "b"\nupdates = 3' + tuning,
        tasks="[tasks.noisy_sine]",
        architectures="[architectures.gru]",
    )
    found = read(file).tuned(registry.load())
    assert {one.engine for one in found.search_trials()} == {"numba"}
    won = found.result_trials(records(found.search_trials(), lambda one: -len(one.architecture_options) + 9))
    assert [(one.engine, len(one.architecture_options)) for one in won] == [("numba", 2), ("torch", 2)]


def test_the_best_tries_are_fitted_on_the_longest_rung_and_each_rung_takes_the_nearest_winner(tuned):
    found = tuned()
    order = {str(options): i for i, options in enumerate(found.tries["gru"])}

    def first(trial):
        return 1 + abs(order[str(trial.architecture_options)] - 2) if trial.architecture == "gru" else 1.0

    done = records(found.search_trials(), first)
    again = [
        one for one in found.final_trials(done) if one.architecture == "gru" and one.task_options["samples"] == 200
    ]
    assert {order[str(one.architecture_options)] for one in again} == {2, 1}
    assert {(one.budget.updates, one.tuning, one.length) for one in again} == {(300, True, 20)}
    assert len(again) == 2 * 3
    done |= records(found.final_trials(done), lambda one: first(one) if one.architecture != "gru" else 9 - first(one))
    reported = [one for one in found.result_trials(done) if one.architecture == "gru"]
    assert {(one.budget.updates, order[str(one.architecture_options)]) for one in reported} == {
        (10, 2), (30, 2), (100, 1), (300, 1),
    }  # fmt: skip
    assert len(reported) == 4 * 2 * 2 * 3
    assert not any(one.tuning for one in reported)


def test_each_task_has_its_own_winner_and_baselines_stay_as_they_are(tuned):
    found = tuned(tuning='\n[tuning]\ntries = 3\nbudget = "ladder-30"')
    best = {200: 1, 300: 2}
    done = records(
        found.search_trials(),
        lambda one: (
            1.0 + (one.architecture_options != found.tries[one.architecture][best[one.task_options["samples"]]])
        ),
    )
    assert found.final_trials(done) == []
    for one in found.result_trials(done):
        expected = (
            found.tries[one.architecture][best[one.task_options["samples"]]] if one.architecture != "mean" else {}
        )
        assert one.architecture_options == expected


def test_a_winner_that_is_the_default_is_a_trial_of_the_study_without_tuning(tuned, study_file):
    found = tuned()
    done = records(found.search_trials(), lambda one: 1.0)
    done |= records(found.final_trials(done), lambda one: 1.0)
    assert [one.key for one in found.result_trials(done)] == [one.key for one in found.grid]


def test_the_possible_trials_include_all_that_a_tuned_study_may_run(tuned):
    found = tuned()
    sized = {(one.architecture, str(one.architecture_options), one.length, one.budget.name) for one in found.possible()}
    done = records(found.search_trials(), lambda one: len(str(one.architecture_options)))
    done |= records(found.final_trials(done), lambda one: 1.0)
    for one in (*found.search_trials(), *found.result_trials(done)):
        assert (one.architecture, str(one.architecture_options), one.length, one.budget.name) in sized


def standing_records(tuned, values, **fields):
    trials = [
        one for one in tuned().search_trials() if one.architecture == "gru" and one.task_options["samples"] == 200
    ]
    by_set = {}
    for one in trials:
        by_set.setdefault(str(one.architecture_options), []).append(one)
    return [
        made(trial, value, Status.FAILED if value is None else Status.OK, **fields)
        for several, given in zip(by_set.values(), values, strict=True)
        for trial, value in zip(several, given, strict=True)
    ]


def test_sets_rank_by_the_geometric_mean_and_those_with_failures_last(tuned):
    values = [(1.0, 1.0, 1.0), (0.1, 1.0, 4.0), (None, 1e-9, 1e-9), (3.0, 3.0, 3.0)]
    ranked = standings(standing_records(tuned, values))
    sets = tuned().tries["gru"]
    assert [one.options for one in ranked] == [sets[1], sets[0], sets[3], sets[2]]
    assert ranked[0].value == pytest.approx(exp((log(0.1) + log(4.0)) / 3))
    assert [(one.failed, one.seeds) for one in ranked] == [(0, 3), (0, 3), (0, 3), (1, 3)]


def test_an_option_set_with_an_unranked_trial_ranks_behind_all_others(tuned):
    found = standing_records(tuned, [(1.0,) * 3, (1e-9,) * 3, (2.0,) * 3, (3.0,) * 3])
    unlike = {"valid_mse": 1.0, "valid_rmse": 5.0}  # not those of one error
    found = [
        one.model_copy(update={"scores": one.scores | unlike}) if one.scores["valid_loss"] < 0.1 else one
        for one in found
    ]
    ranked = standings(found)
    assert [one.failed for one in ranked] == [0, 0, 0, 3]
    assert [one.value for one in ranked[:3]] == pytest.approx([1.0, 2.0, 3.0])


def test_among_option_sets_that_all_failed_the_default_comes_first(tuned):
    ranked = standings(standing_records(tuned, [(None,) * 3] * 4))
    assert ranked[0].options == {}
    assert ranked[0].failed == 3


def test_option_sets_are_ranked_by_the_metric_that_chooses_and_by_its_mean_where_higher_is_better(tuned):
    facts = Objective.classification(choose="balanced_accuracy").facts
    values = [(0.5, 0.5, 0.5), (0.0, 1.0, 0.8), (0.9, 0.9, 0.0), (0.1, 0.2, 0.3)]
    found = [
        one.model_copy(update={"scores": {"valid_balanced_accuracy": one.scores["valid_loss"], "valid_loss": 1.0}})
        for one in standing_records(tuned, values, objective=facts)
    ]
    ranked = standings(found)
    assert [one.value for one in ranked] == pytest.approx([-0.6, -0.6, -0.5, -0.2])


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"tuning": "\n[tuning]\ntries = 0"}, "tuning.tries: .*greater than or equal to 1, got 0"),
        ({"tuning": "\n[tuning]\ntries = 1"}, "tuning.tries: 1 try is .* nothing is searched: write 2 or more"),
        ({"tuning": "\n[tuning]\ntrys = 2"}, r"\[tuning\]: unknown key 'trys'; did you mean 'tries'"),
        ({"tuning": "\n[tuning]\nlengths = [10]"}, r"\[tuning\]: 'lengths' is a key of the study"),
        (
            {"tuning": '\n[tuning]\ntries = 2\nlength = 30\nbudget = "ladder-30"', "lengths": "[10, 20]"},
            "tuning.length: 30 is not among the study's lengths, ",
        ),
        ({"tuning": TUNED.replace("[0.3, 0.5]", "{ low = 0.1, hihg = 1 }")}, "leak: unknown key 'hihg'; did you mean"),
        ({"tuning": "\n[tuning]\ntries = 2"}, "tuning.budget: the study has several budgets; name one of ladder-10"),
        ({"tuning": '\n[tuning]\ntries = 2\nbudget = "lader-30"'}, "unknown budget 'lader-30'; did you mean"),
        ({"tuning": '\n[tuning]\ntries = 2\nbest = 3\nbudget = "ladder-30"'}, "best = 3 is more than tries = 2"),
        ({"tuning": '\n[tuning]\ntries = 2\nbest = 1\nbudget = "ladder-300"'}, "ladder-300 must be a rung"),
        ({"tuning": TUNED.replace("esn]", "esm]")}, r"\[tuning\].spaces: unknown architecture 'esm'; did"),
        ({"tuning": TUNED.replace("leak", "lek")}, r"\[tuning\].spaces.esn: unknown option 'lek'; did you mean 'leak'"),
        ({"tuning": TUNED.replace("[0.3, 0.5]", "[0.3]")}, "tuning.spaces.esn.leak: a space needs at least two values"),
        ({"tuning": TUNED.replace("[0.3, 0.5]", "0.3")}, "tuning.spaces.esn.leak: a space is a list of values, or"),
        ({"tuning": TUNED.replace("[0.3, 0.5]", "{ low = 1, high = 0.1 }")}, "leak: a space needs low < high"),
        ({"tuning": TUNED.replace("[0.3, 0.5]", "{ low = 0.1, high = 2 }")}, "leak: .*less than or equal to 1, got 2"),
        ({"tuning": TUNED.replace("[0.3, 0.5]", "{ low = 0.1 }")}, "leak.high: required, but missing"),
        (
            {"tuning": TUNED.replace("leak", "spectral_radius")},
            r"spaces.esn: spectral_radius has a value in \[architectures.esn\] too: leave one of them out",
        ),
        (
            {"architectures": "[architectures.gru]\nclip = [0.5, 1.0]", "tuning": TUNED.partition("[tuning.s")[0]},
            "gru has several option sets in .* and a space too",
        ),
        *(
            (
                {"architectures": "\n".join(tables), "tuning": TUNED.partition("[tuning.s")[0]},
                "gru has several option sets in .* and a space too: .* or give each set a label",
            )
            for tables in (FIXED_AND_OPEN, FIXED_AND_OPEN[::-1])
        ),
        (
            {"tuning": '\n[tuning]\ntries = 4\nbudget = "ladder-30"\nsampler = "random"'},
            "tuning.sampler: .*'sobol' or 'grid', got 'random'",
        ),
        (
            {
                "architectures": "[architectures.gru]\nlearning_rate = 0.1",
                "tuning": '\n[tuning]\ntries = 4\nbudget = "ladder-30"',
            },
            r"tries = 4: the space of gru \(schedule\) holds no more than 2 option sets",
        ),
    ],
)  # fmt: skip
def test_a_wrong_tuning_is_refused_with_one_message(tuned, parts, message):
    with pytest.raises(InputError, match=message) as caught:
        tuned(**parts)
    assert "\n" not in str(caught.value)


def test_a_labelled_table_without_a_search_space_may_accompany_a_tuned_one(tuned):
    fixed, free = FIXED_AND_OPEN
    found = tuned(tuning=TUNED.partition("[tuning.s")[0], architectures=f'{fixed}\nlabel = "fixed"\n{free}')
    assert set(found.tries) == {"gru"}
    assert {one.competitor or one.architecture for one in found.grid} == {"gru", "fixed"}


def test_several_tables_with_nothing_to_search_are_not_tuned(tuned):
    fixed, _ = FIXED_AND_OPEN
    found = tuned(tuning=TUNED.partition("[tuning.s")[0], architectures=f"{fixed}\n{fixed}\nclip = 0.5")
    assert not found.tries
    assert len({one.key for one in found.grid}) == len(found.grid)


def test_labelled_tables_are_tuned_separately_and_a_study_may_search_the_width(tuned):
    tables = '[[architectures.gru]]\nlabel = "one"\nlearning_rate = 1e-3\n[[architectures.gru]]\nlabel = "other"'
    tuning = '\n[tuning]\ntries = 3\nbudget = "ladder-30"\n[tuning.spaces.gru]\nwidth = { low = 2, high = 8 }'
    tries = tuned(tuning=tuning, architectures=tables).tries
    assert set(tries) == {"one", "other"}
    assert set(tries["one"][1]) == {"learning_rate", "schedule", "width"}
    assert {one["learning_rate"] for one in tries["one"]} == {1e-3}
    assert all(type(one["width"]) is int and 2 <= one["width"] <= 8 for one in tries["other"][1:])


def test_a_tuning_with_spaces_can_be_sent_to_another_process(tuned):
    found = tuned(tuning=TUNED + "input_scaling = { low = 0.1, high = 1, log = true }")
    again = pickle.loads(pickle.dumps(found))  # noqa: S301  our own
    assert again == found
    assert again.tuning.spaces["esn"]["leak"] == Among(0.3, 0.5)
    assert again.tuning.spaces["esn"]["input_scaling"] == Search(0.1, 1.0, log=True)


def test_a_space_given_in_python_is_accepted_too(study_file):
    study = read(study_file())
    table = {"tries": 2, "spaces": {"gru": {"clip": Search(0, 1)}}}
    data = study.model_dump() | {"tuning": table, "budgets": [{"name": "b", "updates": 2}]}
    assert type(study).model_validate(data).tuning.spaces["gru"]["clip"] == Search(0, 1)
