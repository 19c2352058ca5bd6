"""energies, names, problem_types, autoregression, and the test ranges of cosine."""

from itertools import combinations

import numpy as np
import pytest

from benchbench.core.errors import InputError
from benchbench.signals.words import ALPHABET
from benchbench.tasks.autoregression import autoregression
from benchbench.tasks.cosine import cosine
from benchbench.tasks.energies import ENERGIES, energies
from benchbench.tasks.names import names
from benchbench.tasks.problem_types import problem_types


def rng(seed=0):
    return np.random.default_rng(seed)


def raw(problem, array):
    return array.astype(np.float64) * problem.provenance["std"][0] + problem.provenance["mean"][0]


def test_of_twenty_energies_twelve_are_known_and_eight_are_to_be_found():
    problem = energies(rng(), 2)
    assert len(problem.train) + len(problem.valid) == 10
    np.testing.assert_allclose(raw(problem, problem.test.targets)[:, 0, 0], ENERGIES[12:], rtol=1e-6)
    np.testing.assert_allclose(raw(problem, problem.valid.targets)[0, 0, 0], ENERGIES[11], rtol=1e-6)
    np.testing.assert_allclose(raw(problem, problem.free_run.prefix)[0, :, 0], ENERGIES[10:12], rtol=1e-6)
    np.testing.assert_allclose(raw(problem, problem.free_run.truth)[0, :, 0], ENERGIES[12:], rtol=1e-6)


def test_energies_are_scaled_by_the_known_energies_only():
    problem = energies(rng(), 1)
    assert problem.provenance["mean"][0] == pytest.approx(ENERGIES[:12].mean())
    assert problem.provenance["std"][0] == pytest.approx(ENERGIES[:12].std())


def test_the_standard_way_goes_from_the_number_of_particles_to_the_energy():
    problem = energies(rng(), 1, given="particles")
    assert (len(problem.train), len(problem.valid), len(problem.test)) == (11, 1, 8)
    steps = np.diff(problem.test.inputs[:, 0, 0])
    assert steps == pytest.approx(steps[0], rel=1e-5)
    assert problem.test.inputs.min() > problem.train.inputs.max()
    assert problem.free_run is None


def words_of(problem):
    found = []
    for split in (problem.train, problem.valid, problem.test):
        rows = zip(split.inputs, split.lengths, split.targets[:, 0].argmax(axis=1), strict=True)
        found.append({("".join(ALPHABET[i] for i in row[:end].argmax(axis=1)), int(c)) for row, end, c in rows})
    return found


def test_six_languages_have_300_words_each_and_none_is_in_two_splits_or_languages():
    problem = names(rng(), 12)
    parts = words_of(problem)
    assert [len(part) for part in parts] == [6 * 210, 6 * 45, 6 * 45]
    assert len(problem.classes) == 6
    assert not any(one & other for one, other in combinations(parts, 2))
    words = [word for part in parts for word, _ in part]
    assert len(set(words)) == len(words) == 1800
    assert all(3 <= len(word) <= 12 for word in words)


def test_letters_are_one_hot_up_to_the_end_of_a_word():
    split = names(rng(), 12).train
    inside = np.arange(12) < split.lengths[:, None]
    np.testing.assert_array_equal(split.inputs.sum(axis=2), inside)


def write(tmp_path, text):
    file = tmp_path / "words.tsv"
    file.write_text(text)
    return str(file)


def test_a_users_own_words_come_from_a_file(tmp_path):
    text = "".join(f"{'a' * i}b\tfirst\n{'c' * i}b\tsecond\n" for i in range(1, 11))
    problem = names(rng(), 12, path=write(tmp_path, text), alphabet="abc")
    assert problem.classes == ("first", "second")
    assert [len(part) for part in (problem.train, problem.valid, problem.test)] == [14, 2, 4]
    assert problem.train.inputs.shape[2] == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("abc\tone\nd3f\ttwo\n", "line 2: 'd3f' has 3, which the alphabet"),
        ("abc\tone\nabcdefghijklm\ttwo\n", "line 2: 'abcdefghijklm' has 13 letters, more than the length 12"),
        ("abc\tone\nabc\ttwo\n", "line 2: 'abc' is in line 1 too"),
        ("abc one\n", "line 1: 'abc one' must be a word, a tab and its language"),
        ("abc\tone\nabd\tone\n", "has 1 languages"),
        ("abc\tone\nabd\ttwo\n", "1 words of one are too few for three splits"),
    ],
)
def test_a_file_that_cannot_be_learnt_from_is_refused_by_line(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        names(rng(), 12, path=write(tmp_path, text))


@pytest.mark.long
def test_too_many_words_are_refused():
    with pytest.raises(InputError, match="fewer words"):
        names(rng(), 4, words=250)


def answers(kind, length=20):
    problem = problem_types(rng(), length, kind=kind)
    return problem.test.inputs[:, :, 0], raw(problem, problem.test.targets)[:, :, 0], problem.test.lengths


def test_one_to_one_is_a_function_of_the_last_input():
    inputs, targets, _ = answers("one_to_one")
    assert not inputs[:, :-1].any()
    np.testing.assert_allclose(targets[:, 0], np.sin(np.pi * inputs[:, -1]), atol=1e-5)


def test_one_to_many_unfolds_a_wave_from_its_frequency():
    inputs, targets, _ = answers("one_to_many")
    assert not inputs[:, 1:].any()
    np.testing.assert_allclose(targets, np.sin((0.4 + 0.2 * inputs[:, :1]) * np.arange(20)), atol=1e-5)


def test_many_to_one_and_many_to_many_are_the_largest_in_the_end_and_so_far():
    inputs, targets, _ = answers("many_to_one")
    np.testing.assert_allclose(targets[:, 0], inputs.max(axis=1), atol=1e-5)
    inputs, targets, _ = answers("many_to_many")
    np.testing.assert_allclose(targets, np.maximum.accumulate(inputs, axis=1), atol=1e-5)


@pytest.mark.parametrize("length", [20, 21])
def test_the_encoder_decoder_task_asks_for_the_input_backward(length):
    inputs, targets, _ = answers("encoder_decoder", length)
    assert not inputs[:, -10:].any()
    np.testing.assert_allclose(targets, inputs[:, -20:-10][:, ::-1], atol=1e-5)


def test_sequences_of_different_length_ask_for_the_largest_number_before_the_end():
    inputs, targets, lengths = answers("different_length")
    assert (lengths.min(), lengths.max()) == (5, 20)
    for row, largest, end in zip(inputs, targets[:, 0], lengths, strict=True):
        assert largest == pytest.approx(row[:end].max(), abs=1e-5)


def test_sequences_of_three_steps_are_too_short():
    with pytest.raises(InputError, match="at least 4"):
        problem_types(rng(), 3)


def test_the_best_forecast_of_an_autoregression_has_the_error_of_the_floor():
    problem = autoregression(rng(), 5, samples=200_000, horizon=3)
    best = 0.95**3 * problem.test.inputs[:, -1]
    assert np.square(best - problem.test.targets[:, 0]).mean() == pytest.approx(problem.floor, rel=0.02)


def test_only_the_random_split_shares_samples_between_train_and_test():
    def shared(split):
        problem = autoregression(rng(), 10, split=split)
        known = set(problem.train.inputs.ravel().tolist())
        return np.mean([value in known for value in problem.test.inputs.ravel().tolist()])

    assert shared("time") < 0.01
    assert shared("random") > 0.99


def test_a_cosine_may_be_tested_outside_the_amplitudes_it_is_trained_on():
    problem = cosine(
        rng(), 200, ranges=((0.5, 1.0),), test_ranges={"in": (0.5, 1.0), "out": (2.0, 3.0)}, test_series=40
    )

    def amplitudes(split):
        return np.abs(raw(problem, split.inputs)).max(axis=1)[:, 0]

    assert amplitudes(problem.train).max() < 1.01
    assert amplitudes(problem.test)[:20].max() < 1.01
    assert amplitudes(problem.test)[20:].min() > 1.9
    assert list(problem.groups) == ["in", "out"]
    assert np.abs(raw(problem, problem.free_run.truth)).max() > 1.9


def test_there_are_as_many_free_runs_of_a_cosine_as_asked_for():
    assert cosine(rng(), 50, free_runs=7, free_steps=30).free_run.truth.shape == (7, 30, 1)
