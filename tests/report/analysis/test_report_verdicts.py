"""What the report calls better, a tie or open; and that nothing else is ranked."""

import numpy as np
import pytest
from scipy import stats

from benchbench.report.analysis.verdicts import MARKED, SAME, across_tasks, against, against_baselines, judged, verdicts
from benchbench.statistics.pairs import holm
from benchbench.statistics.seeds import seeds_needed

PLACE = ("equal-updates", "mackey_glass")


def said(frame):
    return verdicts(frame, judged(frame)[0]).iloc[0]


def margins(frame):
    return against_baselines(frame, judged(frame)[0])


def words(better=(), tie=(), open_=(), worse=()):
    return {"better": list(better), "tie": list(tie), "open": list(open_), SAME: [], MARKED: [], "worse": list(worse)}


def shaken(level, turn=0):
    """Three scores that differ a little, for seeds 0 to 2; no two turns of them have one ratio on all seeds."""
    return list(level * np.roll([0.99, 1.0, 1.012], turn))


NEAR, FAR, WIDE = [0.100, 0.101, 0.099], [0.200, 0.203, 0.198], [0.05, 0.9, 0.2]


@pytest.mark.parametrize(
    ("scores", "take", "verdict", "pairs"),
    [
        ({"gru": NEAR, "rnn": FAR}, "gru", "better than every other", 3),
        ({"gru": NEAR, "linear": [0.05, 0.0501, 0.049]}, "linear", "better than every other", 3),
        ({"gru": NEAR, "rnn": NEAR[::-1]}, "rnn", "tie with gru", 3),
        ({"gru": NEAR, "rnn": NEAR}, "rnn", "tie with gru", 3),
        ({"gru": NEAR, "rnn": WIDE}, "gru", "open against rnn", 3),
        ({"gru": NEAR, "rnn": NEAR[::-1], "esn": WIDE}, "rnn", "tie with gru; open against esn", 3),
        ({"gru": [0.1], "rnn": [0.2]}, "gru", "open against rnn", 1),
        ({"gru": NEAR, "rnn": [0.2]}, "gru", "open against rnn", 1),
        ({"gru": NEAR}, "gru", "nothing to compare with", 0),
        ({"gru": NEAR, "rnn": [None] * 3}, "gru", "the only one", 0),
        ({"gru": [None, None], "rnn": [None, None]}, "", "none finished on most seeds", 0),
    ],
)
def test_a_pair_is_better_a_tie_or_open_by_its_interval(scored, scores, take, verdict, pairs):
    row = said(scored(**scores))
    assert (row["take"], row["verdict"], row["pairs"]) == (take, verdict, pairs)
    assert row["clear"] == (verdict == "better than every other")


def test_being_best_on_all_five_seeds_is_no_verdict(scored):
    row = said(scored(gru=[0.1, 0.2, 0.3, 0.4, 0.5], rnn=[0.101, 0.3, 0.302, 0.9, 0.501]))
    assert (row["take"], row["clear"], row["verdict"]) == ("gru", False, "open against rnn")


def test_the_pairs_of_a_place_have_the_ratio_and_interval_of_scipy_and_holm_s_p_value(scored):
    scores = {"rnn": [0.2, 0.25, 0.18, 0.3], "gru": [0.1, 0.13, 0.08, 0.12], "linear": [0.21, 0.2, 0.22, 0.19]}
    found, _ = judged(scored(**scores))
    names = list(zip(found["first"], found["second"], strict=True))
    assert names == [("rnn", "gru"), ("rnn", "linear"), ("gru", "linear")]
    theirs = [stats.ttest_rel(np.log(scores[a]), np.log(scores[b])) for a, b in names]
    for (_, row), test in zip(found.iterrows(), theirs, strict=True):
        assert (row["low"], row["high"]) == pytest.approx(tuple(np.exp(test.confidence_interval())))
        assert row["value"] == pytest.approx(stats.gmean(scores[row["first"]]) / stats.gmean(scores[row["second"]]))
    assert found["p_holm"].tolist() == pytest.approx(holm(np.array([test.pvalue for test in theirs])))
    assert (found["wins"].tolist(), found["pairs"].tolist()) == ([0.0, 0.5, 1.0], [4, 4, 4])


def test_an_open_pair_says_how_many_seeds_would_find_ten_percent(scored):
    scores = {"gru": [0.1, 0.2, 0.15], "rnn": [0.12, 0.19, 0.18]}
    found, _ = judged(scored(**scores))
    deviation = np.std(np.log(np.array(scores["gru"]) / scores["rnn"]), ddof=1)
    assert found["seeds_needed"].tolist() == [seeds_needed(deviation, np.log(1.1), pilot=3)]
    assert judged(scored(gru=NEAR, rnn=FAR))[0]["seeds_needed"].isna().all()


def test_a_failure_counts_as_a_loss_and_is_in_no_ratio(scored):
    found, _ = judged(scored(rnn=[0.1, 0.1, 0.11, None], gru=[0.3, 0.3, 0.32, 0.3]))
    [row] = found.to_dict("records")
    assert (row["pairs"], row["failures"], row["wins"], row["losses"]) == (3, 1, 0.75, 0.25)
    assert row["value"] == pytest.approx(stats.gmean([0.1, 0.1, 0.11]) / stats.gmean([0.3, 0.3, 0.32]))


def test_a_competitor_that_fails_on_most_seeds_is_not_called_better(scored):
    found = scored(gru=[0.100, 0.101, None, None, None], rnn=[0.9, 0.91, 0.9, 0.9, 0.9])
    assert judged(found)[0]["verdict"].tolist() == ["open"]
    assert said(found)["take"] == "rnn"


def test_a_competitor_that_declines_the_problem_does_not_prevent_a_winner(frame, record):
    scores = {"gru": shaken(0.1), "rnn": shaken(0.2, 1)}
    records = [record(name, seed, mse=mse) for name, all_ in scores.items() for seed, mse in enumerate(all_)]
    declined = [record("esn", seed, status="unsupported") for seed in range(3)]
    found = frame(records + declined)
    assert said(found)["verdict"] == "better than every other"
    assert set(judged(found)[1]["architecture"]) == {"gru", "rnn"}


def test_a_problem_that_all_decline_has_no_answer(frame, record):
    row = said(frame([record("esn", seed, status="unsupported") for seed in range(2)]))
    assert (row["take"], row["verdict"]) == ("", "none finished on most seeds")


def test_an_over_budget_score_is_never_ranked(frame, record):
    records = [record("gru", seed, mse=0.2) for seed in range(3)]
    records += [record("rnn", seed, mse=0.001, status="over_budget") for seed in range(3)]
    found = frame(records)
    assert said(found)["take"] == "gru"
    assert judged(found)[1]["architecture"].tolist() == ["gru"]


def test_competitors_without_a_shown_difference_share_a_rank_group(scored):
    found = scored(gru=NEAR, rnn=NEAR[::-1], lstm=FAR, linear=[2.0, 2.1, 2.05])
    ranks = judged(found)[1].set_index("architecture")["rank_group"]
    assert ranks.to_dict() == {"gru": 1, "rnn": 1, "lstm": 3, "linear": 4}


def test_a_pair_reads_the_same_from_either_side(scored):
    found, _ = judged(scored(gru=NEAR, rnn=FAR))
    [one], [other] = (against(found, name).to_dict("records") for name in ("gru", "rnn"))
    assert (one["other"], one["word"], other["other"], other["word"]) == ("rnn", "better", "gru", "worse")
    assert (other["value"], other["low"], other["high"]) == pytest.approx(
        (1 / one["value"], 1 / one["high"], 1 / one["low"])
    )
    assert (other["wins"], other["losses"]) == (one["losses"], one["wins"]) == (0.0, 1.0)


def test_a_pair_of_accuracies_is_turned_by_the_sign_of_its_difference(frame, classified):
    scores = {"gru": (0.9, 0.91), "rnn": (0.7, 0.705)}
    made = [classified(name, seed, score=s) for name, both in scores.items() for seed, s in enumerate(both)]
    found, _ = judged(frame(made))
    [one], [other] = (against(found, name).to_dict("records") for name in ("gru", "rnn"))
    assert (one["effect"], one["word"], one["value"]) == ("difference", "better", pytest.approx(0.2025))
    assert (other["value"], other["low"], other["high"]) == pytest.approx((-0.2025, -one["high"], -one["low"]))


def test_the_winner_of_a_classification_has_the_highest_score(frame, classified):
    scores = {"gru": (0.9, 0.91), "rnn": (0.7, 0.705)}
    made = [classified(name, seed, score=s) for name, both in scores.items() for seed, s in enumerate(both)]
    assert said(frame(made))[["take", "verdict"]].tolist() == ["gru", "better than every other"]


def test_tasks_of_two_objectives_are_ranked_each_by_its_own(frame, record, classified):
    made = [record(name, seed, mse=mse) for name, mse in (("gru", 0.1), ("rnn", 0.2)) for seed in range(2)]
    made += [classified(name, seed, score=score) for name, score in (("gru", 0.6), ("rnn", 0.7)) for seed in range(2)]
    found = frame(made)
    table = verdicts(found, judged(found)[0]).set_index("variant")
    assert table["take"].to_dict() == {"digits": "rnn", "mackey_glass": "gru"}


def test_networks_are_listed_by_their_verdict_against_each_baseline(scored):
    found = scored(gru=NEAR, rnn=[0.5, 0.505, 0.5], esn=WIDE, linear=FAR, persistence=[0.901, 0.9, 0.9])
    assert margins(found)[PLACE] == [
        ("linear", words(better=["gru"], open_=["esn"], worse=["rnn"])),
        ("persistence", words(better=["rnn", "gru"], open_=["esn"])),
    ]


def test_lengths_are_named_where_the_verdict_depends_on_them(frame, record):
    net, line = {10: shaken(0.1), 20: shaken(0.9)}, shaken(0.5, 1)
    made = [record("gru", seed, length=length, mse=mse) for length in net for seed, mse in enumerate(net[length])]
    made += [record("linear", seed, length=length, mse=mse) for length in net for seed, mse in enumerate(line)]
    assert margins(frame(made))[PLACE] == [("linear", words(better=["gru (10)"], worse=["gru (20)"]))]


def test_a_record_and_not_a_name_says_what_a_baseline_is(frame, record):
    scores = {"majority": shaken(0.5), "linear": shaken(0.1, 1), "gru": shaken(0.2, 2)}
    made = [
        record(name, seed, mse=mse, baseline=name == "majority")
        for name, all_ in scores.items()
        for seed, mse in enumerate(all_)
    ]
    assert margins(frame(made))[PLACE] == [("majority", words(better=["gru", "linear"]))]


def test_a_network_beats_a_baseline_of_a_classification_with_a_higher_score(frame, classified):
    scores = {"gru": shaken(0.9), "rnn": shaken(0.3, 1), "majority": shaken(0.5, 2)}
    made = [
        classified(name, seed, score=score, baseline=name == "majority")
        for name, all_ in scores.items()
        for seed, score in enumerate(all_)
    ]
    assert margins(frame(made))["equal-updates", "digits"] == [("majority", words(better=["gru"], worse=["rnn"]))]


def test_no_network_beats_a_baseline_that_failed(scored):
    assert margins(scored(gru=[0.5, 0.5], linear=[None, None])) == {}


def many(record, frame, tasks):
    """A record for each task, length, competitor and two seeds; the second is worse by a ratio that varies by task."""
    rng = np.random.default_rng(0)
    ratios = rng.lognormal(0.7, 0.3, tasks)
    made = [
        record(name, seed, task=f"task{i}", length=length, mse=0.1 * (ratio if name == "rnn" else 1.0) * shake)
        for i, ratio in enumerate(ratios)
        for length in (10, 20)
        for seed, shake in enumerate((1.0, 1.5))
        for name in ("rnn", "gru")
    ]
    return frame(made), ratios


def test_ten_tasks_have_an_interval_in_which_each_counts_once(frame, record):
    found, ratios = many(record, frame, 10)
    [row] = across_tasks(judged(found)[0]).to_dict("records")
    theirs = stats.ttest_1samp(np.log(ratios), 0.0)
    assert (row["low"], row["high"]) == pytest.approx(tuple(np.exp(theirs.confidence_interval())))
    assert (row["value"], row["p_holm"]) == pytest.approx((stats.gmean(ratios), theirs.pvalue))
    assert (row["first"], row["tasks"], row["verdict"], row["better"]) == ("rnn", 10, "better", "gru")


def test_nine_tasks_have_no_interval_and_one_has_no_row(frame, record):
    [row] = across_tasks(judged(many(record, frame, 9)[0])[0]).to_dict("records")
    assert (row["tasks"], row["verdict"], row["better"]) == (9, "too few tasks", "")
    assert np.isnan([row["low"], row["high"], row["p_holm"]]).all()
    assert across_tasks(judged(many(record, frame, 1)[0])[0]).empty


def test_an_open_pair_of_accuracies_says_how_many_seeds_would_find_a_tenth_of_the_gap_to_one(frame, classified):
    scores = {"gru": (0.9, 0.8, 0.85), "rnn": (0.8, 0.85, 0.84)}
    made = [classified(name, seed, score=s) for name, all_ in scores.items() for seed, s in enumerate(all_)]
    [row] = judged(frame(made))[0].to_dict("records")
    gaps = np.subtract(scores["rnn"], scores["gru"])
    lack = 1 - np.mean([*scores["gru"], *scores["rnn"]])
    assert row["verdict"] == "open"
    assert row["seeds_needed"] == seeds_needed(gaps.std(ddof=1), 0.1 * lack, pilot=3)


def test_competitors_that_are_equal_on_every_seed_have_no_interval_and_are_neither_open_nor_better(frame, record):
    made = [record(name, seed, mse=mse) for name, mse in (("mean", 1.0), ("persistence", 0.5)) for seed in range(5)]
    found = frame(made)
    [pair] = judged(found)[0].to_dict("records")
    assert pair["verdict"] == SAME == "same on every seed: no interval"
    assert pair["better"] == ""
    row = said(found)
    assert (row["take"], bool(row["clear"])) == ("persistence", False)
    assert row["verdict"] == "no interval against mean, since every seed gives the same difference"


def test_a_competitor_that_marks_keep_out_of_the_ranking_on_every_seed_is_marked_against_all(frame, record):
    found = frame([record(name, seed) for name in ("gru", "lstm", "rnn") for seed in range(3)])
    out = found["architecture"] == "gru"
    found = found.assign(unranked=out, rank_score=found["rank_score"].mask(out, np.inf))
    pairs = judged(found)[0]
    with_gru = (pairs["first"] == "gru") | (pairs["second"] == "gru")
    assert set(pairs.loc[with_gru, "verdict"]) == {MARKED}
    assert set(pairs.loc[with_gru, "marked"]) == {3}
    assert MARKED not in set(pairs.loc[~with_gru, "verdict"])
