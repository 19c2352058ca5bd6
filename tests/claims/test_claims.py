"""Published numbers as programs: the cheap ones run, and the facts about all of them are checked."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from benchbench import claims
from benchbench.claims._lmu import late_target
from benchbench.claims._nrmse84 import nrmse84
from benchbench.claims._outcome import outcome
from benchbench.claims._sine import sine_generation
from benchbench.core.claim import Claim, Measured, Verdict, median_and_quartiles
from benchbench.core.errors import InputError
from benchbench.report.reproduce import read_outcomes, write_outcomes
from benchbench.run.standalone import fitted

RESULTS = Path(__file__).parent.parent.parent / "results"


def claim(measured=None, **changed):
    given = {"source": "a paper", "quantity": "MSE", "published": 2.0, "seconds": 1.0, **changed}
    return Claim(measure=lambda: measured or Measured(value=1.0), **given)


@pytest.mark.long
def test_ten_reservoirs_of_400_units_reach_5e_4_at_step_84_of_tau_17():
    ours = claims.get("jaeger_2001_tau17").measure()
    assert ours.value <= 5e-4
    assert ours.low <= ours.value <= ours.high
    assert "10 reservoirs" in ours.notes


@pytest.mark.long
def test_200_units_reach_a_quarter_of_a_per_cent_fifteen_steps_ahead():
    assert claims.get("lmu_2019_esn").measure().value <= 0.25


def test_the_linear_recurrence_solves_the_sine_that_the_course_does_not():
    assert claims.get("course_sine_linear").measure(seeds=2).value < 1e-10


def test_a_target_that_is_not_ahead_would_be_detected():
    """Ridge regression on a window of one step: as good as the correlation of x(t) with x(t + 15) allows."""
    value = late_target("linear", units=1).value
    assert 20 < value < 100


def test_a_sine_generated_as_zero_has_the_error_of_predicting_zero():
    measured = sine_generation("mean", seeds=1, width=1)
    assert measured.value == pytest.approx(0.5, abs=0.02)


def test_a_reservoir_that_diverges_has_no_number_and_does_not_reach_the_claim():
    wild = nrmse84(tau=17.0, points=600, units=20, reservoirs=2, washout=10, spectral_radius=3.0, input_scaling=9.0)
    assert wild.value is None or wild.value > 0.1
    assert claim().verdict(None) is Verdict.WORSE


@pytest.mark.parametrize(
    ("better", "value", "said"),
    [
        ("lower", 1.0, "better"),
        ("lower", 1.81, "reproduced"),
        ("lower", 2.19, "reproduced"),
        ("lower", 2.3, "worse: not reached"),
        ("higher", 2.3, "better"),
        ("higher", 1.9, "reproduced"),
        ("higher", 1.0, "worse: not reached"),
    ],
)
def test_the_verdict_compares_with_the_published_number(better, value, said):
    assert claim(better=better).verdict(value).value == said


def test_the_median_and_the_quartiles_are_none_where_they_are_not_finite():
    assert median_and_quartiles([1.0, 2.0, 3.0, 4.0, 5.0], "seeds") == Measured(
        value=3.0, low=2.0, high=4.0, notes="median and quartiles of 5 seeds"
    )
    assert median_and_quartiles([1.0, math.nan, 3.0, math.inf, 2.0], "seeds").value == 3.0
    assert median_and_quartiles([1.0, math.inf, math.inf], "seeds").value is None


@pytest.mark.parametrize("name", claims.names())
def test_every_claim_gives_its_published_number_its_source_and_its_duration(name):
    one = claims.get(name)
    assert one.source
    assert one.quantity
    assert np.isfinite(one.published)
    assert one.seconds > 0
    assert claims.summary(name).endswith(".")


def test_for_an_unknown_claim_the_message_gives_the_nearest_name():
    with pytest.raises(InputError, match="did you mean 'jaeger_2001_tau17'"):
        claims.get("jaeger_2001_tau1")


def test_an_unknown_option_of_a_learner_is_refused():
    with pytest.raises(InputError, match="leek"):
        late_target("esn", units=5, leek=0.3)


def test_an_outcome_has_the_verdict_the_seconds_by_the_clock_and_the_machine():
    times = iter([10.0, 12.5])
    made = outcome("mine", claim(), clock=lambda: next(times))
    assert (made.verdict, made.seconds, made.environment.threads) == (Verdict.BETTER, 2.5, 1)


def test_outcomes_are_written_as_a_page_and_earlier_ones_stay(tmp_path):
    first = outcome("first", claim(Measured(value=1.9, low=1.0, high=3.0, notes="three seeds")))
    second = outcome("second", claim(Measured(value=None)))
    write_outcomes([first], tmp_path)
    page = write_outcomes([second], tmp_path).read_text()
    assert read_outcomes(tmp_path) == [first, second]
    assert "| first   | MSE        | 2           | 1.90 (1 to 3) | reproduced" in page
    assert re.search(r"\| not finite +\| worse: not reached \|", page)
    assert "- `first`: three seeds." in page


def test_the_message_names_a_file_that_is_not_an_outcome(tmp_path):
    folder = tmp_path / "reproduce" / "outcomes"
    folder.mkdir(parents=True)
    (folder / "torn.json").write_text("{")
    with pytest.raises(InputError, match=r"torn\.json"):
        write_outcomes([], tmp_path)


def test_the_committed_page_equals_the_page_of_the_committed_outcomes(tmp_path):
    outcomes = read_outcomes(RESULTS)
    assert [one.claim for one in outcomes] == claims.names()
    assert write_outcomes(outcomes, tmp_path).read_text() == (RESULTS / "reproduce" / "reproduce.md").read_text()
    for one in outcomes:
        assert one.published == claims.get(one.claim).published
        assert one.verdict is claims.get(one.claim).verdict(one.ours.value)


def test_a_learner_fitted_for_a_claim_keeps_to_its_number_of_updates(monkeypatch):
    from benchbench.core.problem import Split

    seen = []
    split = Split(inputs=np.zeros((9, 5, 1), np.float32), targets=np.ones((9, 1, 1), np.float32))
    monkeypatch.setattr("benchbench.run.standalone.Meter.stop", lambda self: seen.append(self.updates))
    fitted("rnn", split, split, width=3, seed=0, updates=4, batch=2)
    assert seen == [4]
