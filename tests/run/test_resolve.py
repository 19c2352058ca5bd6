"""Further seeds where a pair is undecided: over made-up records, and over simulated studies with known truth."""

import numpy as np
import pytest

from benchbench.core.objective import Objective
from benchbench.core.record import Record, Status
from benchbench.core.spec import Budget, Trial
from benchbench.run.resolve import Resolve, table
from benchbench.run.stages import ADDED, Stages

BUDGET = Budget(name="few", updates=10)


def grid(names=("a", "b", "mean"), seeds=5, tasks=("sine",), **fields):
    return [
        Trial(study="toy", task=task, architecture=name, length=10, seed=seed, budget=BUDGET, **fields)
        for seed in range(seeds)
        for task in tasks
        for name in names
    ]


def made(trial, score, status=Status.OK, **fields):
    scores = {} if score is None else {"test_mse": score, "valid_loss": score}
    started = "2026-01-01T00:00:00+00:00"
    facts = {"baseline": trial.architecture == "mean", **fields}
    return Record(trial=trial, status=status, scores=scores, started=started, **facts)


def score(trial, *, noise=0.03):
    """Competitor ``a`` and ``b`` are twins on the task ``sine``; on others ``a`` is twice as good."""
    rng = np.random.default_rng([trial.seed, ord(trial.architecture[0]), len(trial.task)])
    level = {"a": 1.0, "b": 1.0 if trial.task == "sine" else 2.0, "mean": 30.0}[trial.architecture]
    return level * float(np.exp(noise * rng.standard_normal()))


def run(resolve, trials, scored=score):
    """Add records for each stage until no trial is missing; returns the added trials and the notes of every stage."""
    stages, done, notes = Stages(grid=trials, resolve=resolve), {}, []
    for _ in range(20):
        stage = stages.known(done)[-1]
        notes += stage.notes
        if not (missing := stage.missing(done)):
            assert stage.name == ADDED
            return list(stage.trials), notes
        done |= {one.key: made(one, scored(one)) for one in missing}
    raise AssertionError("it does not end")


def test_seeds_are_added_in_whole_blocks_and_only_where_a_pair_is_undecided():
    added, notes = run(Resolve(effect=0.02, most=10), grid(tasks=("sine", "wave")))
    assert {one.task for one in added} == {"sine"}
    assert sorted((one.seed, one.architecture) for one in added) == [
        (seed, name) for seed in range(5, 10) for name in ("a", "b", "mean")
    ]
    assert "sine 10 few cpu: undecided: a and b; seeds 5 to 9 are added" in notes
    assert "sine 10 few cpu: still undecided at 10 seeds, the most: a and b" in notes
    assert "wave 10 few cpu: every pair is decided at 5 seeds" in notes


def test_a_tie_at_the_given_effect_adds_no_seeds():
    assert run(Resolve(effect=0.5, most=30), grid())[0] == []


def test_a_study_of_fewer_seeds_than_the_first_look_gets_these_everywhere():
    added, notes = run(Resolve(effect=0.5, most=30), grid(seeds=3))
    assert {one.seed for one in added} == {3, 4}
    assert notes[0] == "sine 10 few cpu: the first look is at 5 seeds; seeds 3 to 4 are added"


def test_looks_follow_at_ten_twenty_and_thirty_seeds_up_to_the_most_allowed():
    def noisy(trial):
        return score(trial, noise=0.5)

    for most, seeds in ((30, 30), (29, 20), (12, 10), (5, 5)):
        added, _ = run(Resolve(effect=0.001, most=most), grid(("a", "b")), noisy)
        assert len(added) == 2 * (seeds - 5)


def test_a_place_where_all_but_one_competitor_decline_gets_no_seeds():
    trials = grid(names=("a", "b"))
    stages = Stages(grid=trials, resolve=Resolve(effect=0.02, most=10))
    for taken in (0, 1):
        done = {
            one.key: made(one, 1.0) if one.architecture == "b" and taken else made(one, None, Status.UNSUPPORTED)
            for one in trials
        }
        assert stages.known(done)[-1].missing(done) == []


def test_an_open_pair_of_baselines_adds_no_seeds():
    trials = grid(("a", "mean", "median"))
    scores = {"a": 0.1, "mean": 1.0, "median": 1.0}

    def scored(trial):
        rng = np.random.default_rng([trial.seed, len(trial.architecture)])
        return scores[trial.architecture] * float(np.exp(0.3 * rng.standard_normal()))

    def found(baselines):
        records = {one.key: made(one, scored(one), baseline=one.architecture in baselines) for one in trials}
        return Resolve(effect=0.01, most=10).further(trials, records)[0]

    assert found({"mean", "median"}) == []
    assert len(found({"mean"})) == 3 * 5


def test_a_run_continues_from_any_records():
    trials, resolve = grid(), Resolve(effect=0.02, most=10)
    done = {one.key: made(one, score(one)) for one in trials}
    wanted, _ = resolve.further(trials, done)
    for one in wanted[::2]:
        done[one.key] = made(one, score(one))
        assert [again.key for again in resolve.further(trials, done)[0]] == [one.key for one in wanted]


def test_the_table_has_infinite_scores_for_failures_no_competitor_that_declined_and_the_chosen_sets():
    def block(name, values, **fields):
        return [made(one, *value) for one, value in zip(grid((name,), 2, **fields), values, strict=True)]

    names, scores = table([
        block("a", [(1.0,), (None, Status.TIMEOUT)]),
        block("b", [(None, Status.UNSUPPORTED)] * 2),
        block("c", [(3.0,), (4.0,)], architecture_options={"leak": 1}),
        block("c", [(2.0,), (5.0,)], architecture_options={"leak": 2}),
        block("c", [(0.0,), (None, Status.FAILED)], architecture_options={"leak": 3}),
    ])  # fmt: skip
    assert names == ["a", "c"]
    assert scores.tolist() == [[1.0, float("inf")], [3.0, 4.0]]


def test_an_accuracy_is_compared_by_its_difference():
    facts = Objective.classification().facts
    trials = grid(("a", "b"))

    def record(one):
        value = 0.9 + 0.001 * (one.seed % 3) - 0.2 * (one.architecture == "b") * 1.01**one.seed
        return made(one, None, objective=facts).model_copy(
            update={"scores": {"test_balanced_accuracy": value, "valid_loss": 1.0}}
        )

    assert Resolve(effect=0.1, most=30).further(trials, {one.key: record(one) for one in trials})[0] == []


@pytest.mark.long
def test_twins_are_called_different_in_at_most_one_study_of_twenty_over_all_looks():
    rng = np.random.default_rng(0)
    studies, found = 60, 0
    for _ in range(studies):
        noise = np.exp(0.3 * rng.standard_normal((2, 30)))
        trials, resolve = grid(("a", "b")), Resolve(effect=0.1, most=20)

        def scored(one, noise=noise):
            return float(noise["ab".index(one.architecture), one.seed])

        _, notes = run(resolve, trials, scored)
        found += "decided" in notes[-1] and "undecided" not in notes[-1]
    assert found <= 7  # of 60 at 5 %, more than 7 have a probability of 1 in 100
