"""Cleaning and features: against plain loops, fitted on train alone, and without looking ahead."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.signal import butter, lfilter

from benchbench.core.errors import InputError
from benchbench.signals.clean import Piece, Preparation, filled, prepared

RNG = np.random.default_rng(0)
NOISE = RNG.standard_normal(600)
TIMES = np.arange(2000)


def pieces(*series):
    return [[Piece(np.asarray(one, float)[:, None], np.ones(len(one), bool))] for one in series]


def first(parts):
    return parts[0][0].values[:, 0]


@given(st.sets(st.integers(1, 58), max_size=30))
def test_gaps_are_filled_by_straight_lines_and_marked(missing):
    whole = np.linspace(3, 9, 60)
    holes = whole.copy()
    holes[list(missing)] = np.nan
    piece = filled(holes[:, None], Preparation(clean=("interpolate",)), "a")
    np.testing.assert_allclose(piece.values[:, 0], whole, rtol=1e-12)
    assert set(np.flatnonzero(~piece.measured)) == missing


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([0, 1], "a.csv: rows 1 to 2 are missing, at the beginning: cut them off"),
        ([598, 599], "a.csv: rows 599 to 600 are missing, at the end"),
        (range(100, 106), "a.csv: rows 101 to 106 are missing, 6 in a row, more than longest_gap = 5"),
    ],
)
def test_a_gap_that_no_line_can_fill_is_refused_with_its_rows(rows, said):
    holes = NOISE.copy()
    holes[list(rows)] = np.nan
    with pytest.raises(InputError, match=said):
        filled(holes[:, None], Preparation(clean=("interpolate",), longest_gap=5), "a.csv")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"clean": ("clip", "clip")}, "clean: clip is given twice"),
        ({"clean": ("clip", "interpolate")}, "interpolate must come first"),
        ({"clean": ("lowpass",), "cutoff": 0.5}, "the cutoff is 0.5 times the rate; it must be below half of it"),
    ],
)
def test_steps_that_cannot_be_done_are_refused(options, said):
    with pytest.raises(InputError, match=said):
        Preparation(**options)


def test_clipping_takes_its_limits_from_training_only():
    wild = NOISE.copy()
    wild[[50, 60]] = 1e6, -1e6
    parts, facts = prepared(pieces(wild, 100 * NOISE, 100 * NOISE), Preparation(clean=("clip",), clip_at=4))
    deviation = 1.4826 * np.median(np.abs(wild - np.median(wild)))
    limits = np.median(wild) - 4 * deviation, np.median(wild) + 4 * deviation
    np.testing.assert_allclose(np.ravel(facts["clean"]["clipped_at"]), limits)
    np.testing.assert_allclose(first(parts), np.clip(wild, *limits))
    assert np.abs(first(parts[1:])).max() == pytest.approx(max(map(abs, limits)))
    assert facts["clean"]["clipped"][0] == 2
    with pytest.raises(InputError, match="half of the training part has one value"):
        prepared(pieces(np.r_[np.zeros(700), NOISE], NOISE, NOISE), Preparation(clean=("clip",)))


@pytest.mark.parametrize("samples", [2, 3, 10])
def test_the_median_is_that_of_the_last_samples(samples):
    parts, _ = prepared(pieces(NOISE, NOISE, NOISE), Preparation(clean=("median",), median_samples=samples))
    plain = [np.median(np.r_[[NOISE[0]] * samples, NOISE][i + 1 : i + 1 + samples]) for i in range(len(NOISE))]
    np.testing.assert_allclose(first(parts), plain)


@pytest.mark.parametrize("cutoff", [0.02, 0.1, 0.4])
def test_the_low_pass_filter_is_butterworths_and_starts_at_rest(cutoff):
    parts, _ = prepared(pieces(*[NOISE + 7] * 3), Preparation(clean=("lowpass",), cutoff=cutoff))
    b, a = butter(2, cutoff, fs=1)
    np.testing.assert_allclose(first(parts), lfilter(b, a, NOISE - NOISE[0]) + NOISE[0] + 7, atol=1e-9)
    slow = np.sin(2 * np.pi * 0.25 * cutoff * TIMES)
    fast = np.sin(2 * np.pi * min(0.5, 4 * cutoff) * TIMES + 1)
    parts, _ = prepared(pieces(slow, fast, fast), Preparation(clean=("lowpass",), cutoff=cutoff))
    assert first(parts)[500:].std() == pytest.approx(slow[500:].std(), rel=0.01)
    assert first(parts[1:])[500:].std() < 0.4 * fast[500:].std()


def test_past_values_become_features_after_the_present_value():
    parts, _ = prepared(pieces(TIMES, TIMES, TIMES), Preparation(embedding=4, delay=5))
    values = parts[0][0].values
    assert values.shape == (1985, 4)
    np.testing.assert_array_equal(values[0], [15, 10, 5, 0])
    np.testing.assert_array_equal(values[:, 1], values[:, 0] - 5)


def test_key_frequencies_are_found_in_training_and_their_amplitude_follows_the_signal():
    train = 2 * np.sin(2 * np.pi * TIMES / 16) + 1 * np.sin(2 * np.pi * TIMES / 4) + 0.01 * TIMES
    test = np.where(TIMES < 1000, 1.0, 3.0) * np.sin(2 * np.pi * TIMES / 16)
    how = Preparation(frequencies=2, frequency_window=128)
    parts, facts = prepared(pieces(train, test, test), how)
    assert facts["clean"]["key_frequencies"] == pytest.approx([1 / 16, 1 / 4], abs=1 / 128)
    slow, fast = parts[2][0].values[:, 1], parts[2][0].values[:, 2]
    assert len(slow) == 2000 - 127
    np.testing.assert_allclose(slow[:800], 1, atol=0.02)
    np.testing.assert_allclose(slow[1000:], 3, atol=0.05)
    assert fast[1000:].max() < 0.1
    with pytest.raises(InputError, match="fewer than frequencies = 90"):
        prepared(pieces(train, test, test), Preparation(frequencies=90, frequency_window=64))
    with pytest.raises(InputError, match="a piece of 100 samples is too short for features of the last 128"):
        prepared(pieces(train, test[:100], test), how)


HOW = st.builds(
    Preparation,
    clean=st.permutations(["clip", "median", "lowpass"]).flatmap(
        lambda steps: st.integers(0, 3).map(lambda count: tuple(steps[:count]))
    ),
    clip_at=st.floats(1, 5),
    median_samples=st.integers(2, 9),
    cutoff=st.floats(0.01, 0.45),
    embedding=st.integers(1, 3),
    delay=st.integers(1, 5),
    frequencies=st.integers(0, 2),
    frequency_window=st.sampled_from([16, 32]),
)


@settings(max_examples=60, deadline=None)
@given(HOW, st.integers(0, 599), st.sampled_from([1e3, -1e12]))
def test_no_step_looks_ahead_and_none_learns_from_validation_or_test(how, place, value):
    touched = NOISE.copy()
    touched[place] = value
    try:
        plain, facts = prepared(pieces(NOISE, NOISE, NOISE), how)
    except InputError:  # the filter has left no peak in the spectrum
        assume(how.frequencies == 0)
        raise
    other, others = prepared(pieces(NOISE, touched, NOISE), how)
    for fact in ("clipped_at", "key_frequencies"):
        assert facts.get("clean", {}).get(fact) == others.get("clean", {}).get(fact)
    assert plain[0][0].values.tobytes() == other[0][0].values.tobytes()
    assert plain[2][0].values.tobytes() == other[2][0].values.tobytes()
    before = max(0, place - how.lost)
    assert plain[1][0].values[:before].tobytes() == other[1][0].values[:before].tobytes()
