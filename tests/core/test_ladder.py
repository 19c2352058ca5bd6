"""Ladders of budgets: a list becomes a budget for each rung, and names and limits tell which budgets form a ladder."""

import pytest

from benchbench.core.errors import InputError
from benchbench.core.ladder import ladders
from benchbench.core.spec import Budget, Trial
from benchbench.core.study import read


def table(limits, name="ladder"):
    return f'[[budgets]]\nname = "{name}"\n{limits}'


@pytest.mark.parametrize(
    ("limits", "names", "limit"),
    [
        ("updates = [300, 3000]", ["ladder-300", "ladder-3000"], "updates"),
        ("seconds = [0.5, 5, 50]", ["ladder-0.5", "ladder-5", "ladder-50"], "seconds"),
        ("epochs = [1, 2]\nupdates = 50", ["ladder-1", "ladder-2"], "epochs"),
        ("parameters = [100, 200]\nupdates = 5", ["ladder-100", "ladder-200"], "parameters"),
    ],
)
def test_a_list_in_one_limit_is_a_budget_for_each_rung(study_file, limits, names, limit):
    budgets = read(study_file(budgets=table(limits))).budgets
    assert [budget.name for budget in budgets] == names
    [found] = ladders(budgets)
    assert (found.name, found.limit, found.rungs) == ("ladder", limit, budgets)
    assert (budgets[0].width is None) == (limit == "parameters")


def test_a_rung_equals_a_budget_that_is_written_separately(study_file):
    first = read(study_file(budgets=table("updates = [3, 9]\nbatch = 16"))).budgets[1]
    alone = Budget(name="ladder-9", updates=9, batch=16)
    assert first == alone
    common = {"study": "s", "task": "t", "architecture": "a", "length": 5, "seed": 0}
    assert Trial(**common, budget=first).key == Trial(**common, budget=alone).key


def test_the_key_of_a_trial_from_before_tuning_existed_has_not_changed():
    budget = Budget(name="short", updates=10)
    trial = Trial(study="main", task="sine", architecture="rnn", length=10, seed=0, budget=budget)
    assert trial.key == trial.model_copy(update={"tuning": False}).key
    assert trial.key != trial.model_copy(update={"tuning": True}).key
    assert trial.key == "0b7257a1475ddf63"


def test_a_budget_may_run_at_some_of_the_lengths_only(study_file, known):
    top = 'name = "main"\nlengths = [10, 20]\nseeds = 1\nbudget_lengths = { ladder-3 = [20] }'
    trials = read(study_file(top=top, budgets=table("updates = [3, 9]"))).trials(known)
    assert [(one.budget.updates, one.length) for one in trials] == [(3, 20), (9, 10), (9, 20)]
    wrong = (
        ("ladder-4", "20", "budget_lengths: unknown budget 'ladder-4'; did you mean"),
        ("ladder-3", "30", "30 is not among"),
    )
    for name, length, message in wrong:
        file = study_file(
            top=top.replace("ladder-3", name).replace("[20]", f"[{length}]"), budgets=table("updates = [3, 9]")
        )
        with pytest.raises(InputError, match=message):
            read(file)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            "updates = [3, 9]\nepochs = [1, 2]",
            "number 1: updates and epochs are lists; only one limit of a budget may be a list",
        ),
        ("updates = [3]", "updates has 1 rung; a ladder needs at least two"),
        ("updates = []", "updates has 0 rungs; a ladder needs at least two"),
        ("updates = [9, 3]", r"the rungs of updates must rise, as \[3, 9\], not \[9, 3\]"),
        ("updates = [3, 3]", r"the rungs of updates are all the same: write updates = 3, not \[3, 3\]"),
        ("updates = [3, -9]", "a rung is a number above 0, not -9"),
        ('updates = [3, "9"]', "a rung is a number above 0, not '9'"),
        ("updates = [3, 9]\nbatch = [1, 2]", "budgets number 1.batch"),
    ],
)
def test_a_wrong_ladder_is_refused_with_one_message(study_file, limits, message):
    file = study_file(budgets=table(limits))
    with pytest.raises(InputError, match=message) as caught:
        read(file)
    assert str(caught.value).startswith(str(file))


def test_budgets_form_a_ladder_only_where_all_but_one_limit_and_their_names_agree():
    rungs = [Budget(name=f"a-{n}", updates=n) for n in (30, 3)]
    others = [
        Budget(name="a-9", updates=9, batch=8),
        Budget(name="b-9", updates=9),
        Budget(name="a-4", updates=5),
        Budget(name="c-3", updates=3, epochs=3),
    ]
    [found] = ladders([*rungs, *others])
    assert [rung.updates for rung in found.rungs] == [3, 30]
    assert ladders(others) == []


def test_the_nearest_rung_is_nearest_in_ratio_and_the_shorter_of_two():
    [ladder] = ladders(Budget(name=f"l-{n}", updates=n) for n in (300, 1_000, 3_000, 10_000, 30_000))
    tuned = [ladder.rungs[2], ladder.rungs[4]]
    assert [ladder.nearest(rung, tuned).updates for rung in ladder.rungs] == [3_000, 3_000, 3_000, 30_000, 30_000]
    [even] = ladders(Budget(name=f"l-{n}", updates=n) for n in (10, 100, 1_000))
    assert even.nearest(even.rungs[1], [even.rungs[0], even.rungs[2]]).updates == 10
