"""Each block goes to one worker, and the rest of a lost worker's block to another one, under another name."""

from benchbench.core.spec import Budget, Trial
from benchbench.run.cluster.dealer import Dealer
from benchbench.run.cluster.luggage import redirected
from benchbench.run.job import Scheduled

BUDGET = Budget(name="few", updates=3)


def items(*blocks):
    return [
        Scheduled(block, Trial(study="s", task="t", architecture=f"a{i}", length=1, seed=seed, budget=BUDGET))
        for seed, (block, count) in enumerate(blocks)
        for i in range(count)
    ]


def anything(_):
    return True


def test_a_worker_has_a_block_to_itself():
    dealer = Dealer(items(("x", 3), ("y", 2)))
    dealt = [(worker, dealer.next(worker, anything).block) for worker in ("a", "b", "a", "b", "a")]
    assert dealt == [("a", "x"), ("b", "y"), ("a", "x"), ("b", "y"), ("a", "x")]
    assert dealer.next("a", anything) is None


def test_the_rest_of_a_begun_block_gets_a_new_name_and_a_block_that_has_not_begun_keeps_its_name():
    dealer = Dealer(items(("x", 3), ("y", 2)))
    first, second = dealer.next("a", anything), dealer.next("a", anything)
    dealer.ended(first)
    assert dealer.left("a", [second], []) == []
    rest = [dealer.next("b", anything) for _ in range(2)]
    assert rest[0].trial.key == second.trial.key
    assert {item.block for item in rest} == {"x.2"}
    begun = dealer.next("b", anything)
    dealer.left("b", [], [begun])
    assert [dealer.next("c", anything).block for _ in range(2)] == ["y", "y"]


def test_a_trial_that_ran_on_two_workers_that_left_is_lost_and_one_that_waited_is_not():
    dealer = Dealer(items(("x", 2)))
    for worker in ("a", "b"):
        ran, waited = dealer.next(worker, anything), dealer.next(worker, anything)
        lost = dealer.left(worker, [ran], [waited])
    assert lost == [ran]
    assert dealer.next("c", anything).trial.key == waited.trial.key
    assert dealer.next("c", anything) is None


def test_a_block_waits_for_a_worker_that_can_run_it():
    dealer = Dealer(items(("x", 1), ("y", 1)))
    assert dealer.next("a", lambda item: item.block == "y").block == "y"
    assert dealer.next("a", lambda item: item.block == "y") is None
    assert dealer.next("b", anything).block == "x"


def test_all_options_name_the_files_of_the_other_machine():
    trial = items(("x", 1))[0].trial.model_copy(
        update={"task_options": {"paths": ("a.csv", "b"), "of": {"x": "a.csv"}}}
    )
    there = redirected(trial, {"a.csv": "/there/a.csv"})
    assert there.task_options == {"paths": ("/there/a.csv", "b"), "of": {"x": "/there/a.csv"}}
    assert there.key != trial.key
