"""The verdicts, compared with simulated studies; the outcome of the large simulation is committed."""

import json
from pathlib import Path

import pytest
from scipy.special import ndtri

import benchbench
from benchbench.calibration import verdicts
from benchbench.calibration.verdicts import EFFECT, FILE, MANY, NOISE, NOISES, STUDIES, Outcome, noise, simulated, write
from benchbench.report.analysis.select import select
from benchbench.report.frame import load
from benchbench.statistics import intervals, pairs

RESULTS = Path(benchbench.__file__).parent.parent / "results"


def outcome(count, least=0.0, most=0.05):
    return Outcome(what="x", noise="normal", seeds="5", count=count, of=STUDIES, least=least, most=most)


def test_a_small_simulation_keeps_the_promises():
    found = simulated(100, seed=1, resamples=199)
    assert [(one.what, one.noise, one.share) for one in found if not one.ok] == []
    assert {one.noise for one in found} == set(NOISES)


def test_the_same_seed_gives_the_same_outcome():
    assert simulated(5, resamples=99) == simulated(5, resamples=99) != simulated(5, seed=1, resamples=99)


@pytest.mark.long
def test_intervals_that_are_too_narrow_are_detected(monkeypatch):
    monkeypatch.setattr(intervals, "stdtrit", lambda _, share: ndtri(share))  # as if the deviation were known
    monkeypatch.setattr(verdicts, "SEEDS", (5,))
    monkeypatch.setattr(verdicts, "MANY", 2)
    off = {one.what for one in simulated(300, resamples=199) if not one.ok}
    assert off == {"interval holds the true ratio"}


def test_without_noise_twins_are_never_called_different_and_every_difference_is_found():
    found = {(one.what, one.seeds[:2]): one.share.value for one in simulated(3, deviation=1e-3, resamples=99)}
    assert found["difference of 20% found", "as"] == 1.0


@pytest.mark.parametrize(("count", "ok"), [(100, True), (125, True), (135, False)])
def test_a_promise_is_broken_if_the_evidence_against_it_exceeds_chance(count, ok):
    assert outcome(count).ok == ok


def test_a_share_that_is_too_low_breaks_a_promise_too():
    assert outcome(1_600, 0.8, 1.0).ok
    assert not outcome(1_540, 0.8, 1.0).ok


@pytest.mark.long
def test_without_holm_s_procedure_seven_twins_are_called_different_too_often(monkeypatch):
    monkeypatch.setattr(pairs, "holm", lambda p: p)
    monkeypatch.setattr(verdicts, "SEEDS", ())
    off = {one.what for one in simulated(60, resamples=99) if not one.ok}
    assert f"any of {MANY} twins called better" in off


def test_the_outcome_is_written_with_its_interval(tmp_path):
    page = write([outcome(100)], tmp_path)
    [row] = json.loads((tmp_path / FILE).read_text())["outcomes"]
    assert (row["share"], row["ok"], row["of"]) == (0.05, True, STUDIES)
    assert row["low"] < 0.05 < row["high"]
    assert "| 0% to 5% | 5.0% | 4.1% to 6.0% | yes" in " ".join(page.read_text().split())


def test_the_committed_outcome_has_2000_studies_and_keeps_every_promise():
    found = json.loads((RESULTS / FILE).read_text())
    rows = [Outcome(**{name: row[name] for name in Outcome.__dataclass_fields__}) for row in found["outcomes"]]
    assert found["deviation"] == NOISE
    assert {row.of for row in rows} == {STUDIES}
    assert all(row.ok for row in rows)
    assert {(row.what, row.noise) for row in rows} == {
        (what, kind)
        for what in (
            "twins called better",
            "interval holds the true ratio",
            f"difference of {EFFECT - 1:.0%} found",
            f"any of {MANY} twins called better",
        )
        for kind in NOISES
    }
    assert sum("looks" in row.seeds for row in rows) == len(NOISES)


def test_the_noise_of_the_simulation_equals_that_of_the_committed_records():
    assert noise(select(load("main", RESULTS)).frame) == pytest.approx(NOISE, abs=0.01)
