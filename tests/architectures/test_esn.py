"""The echo state network: its predictions against a ten-line loop, and its options."""

from itertools import product

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from benchbench import Budget, Objective, Setting, Split
from benchbench.core import registry
from benchbench.core.errors import InputError, UnsupportedError
from benchbench.core.meter import Meter
from benchbench.learn.readout import STRENGTHS
from benchbench.measure import peak_memory

REGRESSION, CLASSES = Objective.regression(), Objective.classification()


def make(*, width=30, scored=1, length=25, inputs=1, outputs=1, device="cpu", objective=REGRESSION, **options):
    shape = {"inputs": inputs, "outputs": outputs, "scored": scored, "length": length, "width": width}
    setting = Setting(**shape, seed=4, device=device, objective=objective)
    return registry.load().get("architecture", "esn").function(setting, **options)


def sine(count=150, scored=1):
    time = np.arange(26)[None] + 11.3 * np.arange(count)[:, None]
    values = np.sin(0.4 * time).astype(np.float32)[:, :, None]
    return Split(inputs=values[:, :25], targets=values[:, 26 - scored :])


def fit(learner, split=None, updates=50, scored=1, watch=lambda _updates: None):
    split = split or sine(scored=scored)
    meter = Meter(Budget(name="b", updates=updates), batches=3, watch=watch)
    learner.fit(split, split, meter)
    return meter


def weights(learner):
    """Recurrent (unit, unit), input (channel, unit) and offset (unit,) of a fitted learner, dense, in float64."""
    reservoir = learner._reservoir
    if not reservoir._sparse:
        parts = (reservoir._dense, reservoir._into.T, reservoir._offset[:, 0])
        return [part.numpy().astype(np.float64) for part in parts]
    first, source, weight, into, offset = reservoir._rows
    recurrent = np.zeros((len(offset), len(offset)))
    for unit in range(len(offset)):
        links = slice(first[unit], first[unit + 1])
        recurrent[unit, source[links]] = weight[links]
    return recurrent, into.astype(np.float64), offset.astype(np.float64)


def ten_lines(learner, inputs, leak, scored):
    """The states at the scored steps, computed for one sequence and one step after the other."""
    recurrent, into, offset = weights(learner)
    found = np.zeros((len(inputs), scored, len(offset)))
    for i, sequence in enumerate(inputs.astype(np.float64)):
        x = np.zeros(len(offset))
        for t, u in enumerate(sequence):
            x = (1 - leak) * x + leak * np.tanh(recurrent @ x + u @ into + offset)
            if t >= len(sequence) - scored:
                found[i, t - len(sequence) + scored] = x
    return found


RESERVOIRS = [
    {},
    {"links_per_unit": 3},
    {"density": 0.05},
    {"density": 1.0},
    {"topology": "ring"},
    {"topology": "orthogonal"},
]


@pytest.mark.parametrize(("options", "precision"), list(product(RESERVOIRS, ["float32", "float64"])))
@pytest.mark.parametrize("count", [1, 5])
def test_predictions_equal_the_readout_of_a_ten_line_loop(options, precision, count):
    learner = make(width=60, scored=10, leak=0.3, precision=precision, **options)
    fit(learner, scored=10)
    inputs = sine(count).inputs
    states = learner._reservoir.drive(inputs, 15)
    found = np.concatenate([kept.numpy() for _, _, kept in states])
    tolerance = 5e-7 if precision == "float32" else 1e-13
    expected = ten_lines(learner, inputs, 0.3, 10)
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
    readout = learner._solution.weights.numpy()
    by_hand = (found.astype(np.float64) @ readout[1:] + readout[0]).astype(np.float32)
    np.testing.assert_allclose(learner.predict(inputs), by_hand, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_matrix_product_of_other_devices_gives_the_states_of_the_compiled_step(precision, monkeypatch):
    learner = make(width=80, precision=precision)
    fit(learner)
    inputs, found = sine(5).inputs, []
    for share in (1.1, 0.0):  # of all links, from which on the product is dense
        monkeypatch.setattr("benchbench.learn.reservoir._DENSE", share)
        reservoir = learner._make()
        assert reservoir._sparse == (share > 0)
        found.append(np.concatenate([states.numpy() for _, _, states in reservoir.drive(inputs, 5)]))
    np.testing.assert_allclose(*found, rtol=0, atol=5e-7 if precision == "float32" else 1e-14)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("solver", ["qr", "svd", "cholesky"])
def test_predictions_and_free_runs_on_the_device_equal_those_on_the_cpu(solver):
    found = []
    for name in ("cpu", "cuda"):
        learner = make(scored=10, precision="float64", solver=solver, device=name)
        fit(learner, scored=10)
        inputs = sine(5).inputs
        found.append((learner.predict(inputs), learner.generate(inputs, 20)))
    np.testing.assert_allclose(found[0][0], found[1][0], atol=1e-4)
    np.testing.assert_allclose(found[0][1], found[1][1], atol=1e-3)


@pytest.mark.parametrize("options", RESERVOIRS)
@pytest.mark.parametrize("radius", [0.5, 1.2])
def test_the_reservoir_has_the_spectral_radius_asked_for(options, radius):
    learner = make(width=60, spectral_radius=radius, precision="float64", **options)
    fit(learner)
    assert np.abs(np.linalg.eigvals(weights(learner)[0])).max() == pytest.approx(radius, rel=1e-9)


@pytest.mark.parametrize("width", [30, 700])
def test_the_spectral_radius_of_a_large_sparse_reservoir_equals_the_largest_of_all_eigenvalues(width):
    learner = make(width=width, spectral_radius=0.9, precision="float64")
    fit(learner)
    assert np.abs(np.linalg.eigvals(weights(learner)[0])).max() == pytest.approx(0.9, rel=1e-6)


@pytest.mark.parametrize(
    ("options", "links"),
    [
        ({}, 600),
        ({"links_per_unit": 3}, 180),
        ({"links_per_unit": 99}, 3600),
        ({"density": 0.1}, 360),
        ({"density": 1.0}, 3600),
        ({"density": 0.0}, 60),
        ({"topology": "ring"}, 60),
        ({"topology": "orthogonal"}, 3600),
    ],
)
def test_the_size_counts_the_existing_links(options, links):
    learner = make(width=60, **options)
    assert (learner.size.trained, learner.size.fixed) == (61, links + 60 + 60)
    fit(learner)
    assert np.count_nonzero(weights(learner)[0]) == links


def test_each_unit_has_as_many_links_as_asked_for():
    learner = make(width=60, links_per_unit=7)
    fit(learner)
    assert set(np.count_nonzero(weights(learner)[0], axis=1)) == {7}


def test_a_ring_is_one_circle_and_an_orthogonal_reservoir_keeps_lengths():
    ring, orthogonal = make(topology="ring"), make(topology="orthogonal", spectral_radius=1.0, precision="float64")
    fit(ring), fit(orthogonal)
    circle = weights(ring)[0]
    unit, seen = 0, set()
    while unit not in seen:
        seen.add(unit)
        [unit] = np.flatnonzero(circle[unit])
    assert len(seen) == 30
    matrix = weights(orthogonal)[0]
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(30), atol=1e-12)


@pytest.mark.parametrize("width", [1, 2, 3])
def test_the_smallest_reservoirs_can_be_drawn_and_fitted(width):
    learner = make(width=width)
    fit(learner)
    assert np.isfinite(learner.predict(sine(3).inputs)).all()


@pytest.mark.parametrize("scored", [1, 10])
@pytest.mark.parametrize("solver", ["qr", "svd", "cholesky"])
def test_the_esn_forecasts_a_sine_almost_exactly(scored, solver):
    learner = make(scored=scored, solver=solver)
    fit(learner, scored=scored)
    test = sine(40, scored)
    assert np.mean((learner.predict(test.inputs) - test.targets) ** 2) < 1e-4


def test_the_readout_is_the_ridge_regression_on_the_states_after_the_washout():
    learner = make(scored=10, washout=20, precision="float64")
    split = sine(scored=10)
    fit(learner, split)
    [(_, _, states)] = learner._reservoir.drive(split.inputs, 20)
    rows, targets = states.flatten(0, 1).numpy(), split.targets[:, 5:].reshape(-1)
    strength = learner._solution.strength
    assert strength in STRENGTHS
    reference = Ridge(alpha=strength * len(rows), solver="svd").fit(rows, targets)
    expected = reference.predict(ten_lines(learner, split.inputs, 0.5, 10).reshape(-1, 30)).reshape(150, 10)
    np.testing.assert_allclose(learner.predict(split.inputs)[:, :, 0], expected, atol=1e-4)


def test_a_washout_that_leaves_nothing_is_refused():
    with pytest.raises(InputError, match="washout 25 leaves nothing of sequences of length 25"):
        make(washout=25)


def test_state_noise_is_uniform_under_the_tanh():
    learner = make(precision="float64")
    fit(learner)
    recurrent, into, offset = weights(learner)
    inputs = sine(5).inputs
    [(_, _, found)] = learner._reservoir.drive(inputs, 24, np.random.default_rng(0), 0.01)
    noise = np.random.default_rng(0).uniform(-0.01, 0.01, (25, 30, 5))
    x = np.zeros((30, 5))
    for t in range(25):
        x = 0.5 * x + 0.5 * np.tanh(recurrent @ x + into.T * inputs[:, t, 0] + offset[:, None] + noise[t])
    np.testing.assert_allclose(found[:, 0].numpy(), x.T, atol=1e-13)


def test_state_noise_comes_from_the_seed_and_stays_out_of_prediction():
    quiet, one, same = make(), make(state_noise=1e-2), make(state_noise=1e-2)
    for learner in (quiet, one, same):
        fit(learner)
    inputs = sine(5).inputs
    np.testing.assert_array_equal(one.predict(inputs), same.predict(inputs))
    np.testing.assert_array_equal(one.predict(inputs), one.predict(inputs))
    assert one._solution.loss > 10 * quiet._solution.loss


def test_the_number_of_sequences_driven_together_changes_no_prediction(monkeypatch):
    learner, inputs = make(), sine(140).inputs
    fit(learner)
    together = learner.predict(inputs)
    monkeypatch.setattr("benchbench.learn.reservoir._LANES", 7)
    monkeypatch.setattr("benchbench.learn.reservoir._BLOCK", 500)
    np.testing.assert_allclose(learner.predict(inputs), together, atol=1e-5)


def test_a_small_budget_is_kept_and_the_readout_is_solved_from_the_sequences_seen(monkeypatch):
    monkeypatch.setattr("benchbench.architectures.esn._CHUNK", 20)
    learner = make()
    meter = fit(learner, updates=2)
    assert (meter.updates, meter.over) == (2, False)
    assert np.isfinite(learner.predict(sine(3).inputs)).all()


def test_memory_does_not_grow_with_the_series():
    def added(steps):
        series = np.sin(0.1 * np.arange(steps + 1)).astype(np.float32)[None, :, None]
        split = Split(inputs=series[:, :-1], targets=series[:, 1:])
        learner = make(width=200, scored=steps, length=steps)
        peak = peak_memory.Peak()
        fit(learner, split)
        return peak.added()

    added(2_000)  # the first fit also loads code, which takes memory once
    states = 60_000 * 200 * 4
    assert added(60_000) < states / 2


def test_with_feedback_the_outputs_of_the_step_before_are_inputs():
    learner = make(scored=10, feedback=0.7, precision="float64")
    fit(learner, scored=10)
    recurrent, into, offset = weights(learner)
    readout = learner._solution.weights.numpy()
    assert into.shape == (2, 30)
    assert learner.size.fixed == 300 + 3 * 30
    inputs = sine(2).inputs
    for series, found in zip(inputs.astype(np.float64), learner.predict(inputs), strict=True):
        x, y, made = np.zeros(30), 0.0, []
        for t, [u] in enumerate(series):
            x = 0.5 * x + 0.5 * np.tanh(recurrent @ x + u * into[0] + y * into[1] + offset)
            if t >= 15:
                y = np.float32(x @ readout[1:, 0] + readout[0, 0])
                made.append(y)
        np.testing.assert_allclose(found[:, 0], made, atol=1e-5)


def test_feedback_is_declined_where_no_output_comes_before_the_scored_step():
    with pytest.raises(UnsupportedError, match="more than one scored step"):
        fit(make(feedback=0.5))


def test_with_feedback_a_free_run_starts_near_the_last_predicted_step():
    learner = make(scored=12, feedback=0.5, precision="float64")
    fit(learner, scored=12)
    inputs = sine(5).inputs
    np.testing.assert_allclose(learner.generate(inputs, 1)[:, 0], learner.predict(inputs)[:, -1], atol=1e-2)


def test_inputs_that_are_not_finite_are_refused():
    learner = make()
    fit(learner)
    inputs = sine(3).inputs.copy()
    inputs[1, 4] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        learner.predict(inputs)


@pytest.mark.parametrize("feedback", [0.0, 0.3])
def test_a_free_run_equals_a_loop_that_feeds_each_output_back(feedback):
    learner = make(scored=20, precision="float64", feedback=feedback)
    fit(learner, scored=20)
    recurrent, into, offset = weights(learner)
    readout = learner._solution.weights.numpy()
    prefix = sine(3).inputs
    for series, found in zip(prefix, learner.generate(prefix, 30), strict=True):
        x, y, made = np.zeros(30), 0.0, []
        for t in range(25 + 30):
            y = y if t >= 25 else float(series[t, 0])
            fed = into.sum(axis=0) if t > 5 else into[0]  # the scored steps are 5 to 24: before, nothing is fed back
            x = 0.5 * x + 0.5 * np.tanh(recurrent @ x + y * fed + offset)
            y = x @ readout[1:, 0] + readout[0, 0]
            made.append(y)
        np.testing.assert_allclose(found[:, 0], made[24:54], atol=1e-4)


def test_the_esn_generates_only_where_outputs_can_be_the_next_inputs():
    learner = make(inputs=2)
    values = np.random.default_rng(0).standard_normal((40, 25, 2)).astype(np.float32)
    fit(learner, Split(inputs=values, targets=values[:, -1:, :1]))
    with pytest.raises(UnsupportedError, match="1 outputs cannot be the next 2 inputs"):
        learner.generate(values, 3)


def waves(count=120, scored=1, seed=0, behind=0.0):
    """Two classes, slow and fast waves of 10 to 25 steps in noise; the padding has the value ``behind``."""
    rng = np.random.default_rng(seed)
    which = rng.integers(0, 2, count)
    angle = np.where(which, 0.9, 0.4)[:, None] * np.arange(25) + rng.uniform(0, 6, (count, 1))
    inputs = (np.sin(angle) + 0.05 * rng.standard_normal(angle.shape)).astype(np.float32)[:, :, None]
    lengths = rng.integers(10, 26, count)
    inputs[np.arange(25) >= lengths[:, None]] = behind
    targets = np.repeat(np.eye(2, dtype=np.float32)[which][:, None], scored, axis=1)
    return Split(inputs=inputs, targets=targets, lengths=lengths)


SHAPES = [{"links_per_unit": 3}, {"topology": "orthogonal"}]  # run by the compiled step, and by the dense product


@pytest.mark.parametrize("options", SHAPES)
@pytest.mark.parametrize("scored", [1, 4])
def test_each_of_sequences_that_differ_in_length_is_predicted_as_if_alone(options, scored, monkeypatch):
    monkeypatch.setattr("benchbench.learn.reservoir._LANES", 16)
    monkeypatch.setattr("benchbench.learn.reservoir._BLOCK", 2000)
    learner = make(scored=scored, outputs=2, objective=CLASSES, precision="float64", **options)
    split = waves(scored=scored)
    fit(learner, split)
    found = learner.predict(split.inputs, split.lengths)
    for predicted, series, length in zip(found, split.inputs, split.lengths, strict=True):
        np.testing.assert_allclose(predicted, learner.predict(series[None, :length])[0], atol=1e-5)


@pytest.mark.parametrize("options", SHAPES)
@pytest.mark.parametrize("washout", [0, 12])
def test_the_readout_of_uneven_sequences_is_the_ridge_regression_on_their_own_last_states(options, washout):
    learner = make(scored=6, outputs=2, objective=CLASSES, precision="float64", washout=washout, **options)
    split = waves(scored=6)
    fit(learner, split)
    rows, targets = [], []
    for series, target, length in zip(split.inputs, split.targets, split.lengths, strict=True):
        kept = np.arange(length - 6, length) >= washout
        rows.append(ten_lines(learner, series[None, :length], 0.5, 6)[0][kept])
        targets.append(target[kept])
    rows, targets = np.concatenate(rows), np.concatenate(targets)
    [strength] = {learner._solution.strength} & set(STRENGTHS)
    reference = Ridge(alpha=strength * len(rows), solver="svd").fit(rows, targets)
    readout = learner._solution.weights.numpy()
    np.testing.assert_allclose(rows @ readout[1:] + readout[0], reference.predict(rows), atol=1e-4)


@pytest.mark.parametrize("options", SHAPES)
def test_values_in_the_padding_change_nothing(options):
    found = []
    for behind in (0.0, 1e9, np.nan):
        learner = make(outputs=2, objective=CLASSES, state_noise=1e-3, **options)
        split = waves(behind=behind)
        fit(learner, split)
        found.append(learner.predict(split.inputs, split.lengths))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_the_esn_classifies_slow_and_fast_waves_with_probabilities():
    learner, test = make(outputs=2, objective=CLASSES), waves(seed=1)
    meter = fit(learner, waves())
    predictions = learner.predict(test.inputs, test.lengths)
    scores, _ = CLASSES.scores(test.targets, predictions)
    assert scores["balanced_accuracy"] > 0.95
    assert scores["log_loss"] < 0.3
    np.testing.assert_allclose(predictions.sum(axis=2), 1, atol=1e-6)
    assert meter.curve == [(1, pytest.approx(meter.curve[0][1]), learner._solution.loss, None)]


@pytest.mark.parametrize("objective", [Objective.classification(choose="accuracy"), Objective.regression(choose="r2")])
def test_the_objective_chooses_the_ridge_strength(objective):
    learner = make(outputs=2, objective=objective, scored=5, length=25, washout=22)
    split = waves(scored=5)
    even = Split(inputs=split.inputs, targets=split.targets)
    fit(learner, even)
    [(_, _, states)] = learner._reservoir.drive(even.inputs, 22)
    rows, targets = states.flatten(0, 1).double().numpy(), even.targets[:, 2:].reshape(-1, 2)
    choices = {}
    for strength in STRENGTHS:
        outputs = Ridge(alpha=strength * len(rows), solver="svd").fit(rows, targets).predict(rows).astype(np.float32)
        choices[strength] = objective.choice(targets[:, None], outputs[:, None])
    assert choices[learner._solution.strength] == pytest.approx(min(choices.values()), abs=0.01)


def test_for_classes_the_softmax_takes_the_outputs_that_are_fed_back():
    learner = make(scored=6, outputs=2, objective=CLASSES, feedback=0.3)
    split = waves(scored=6)
    even = Split(inputs=split.inputs, targets=split.targets)
    fit(learner, even)
    np.testing.assert_allclose(learner.predict(even.inputs).sum(axis=2), 1, atol=1e-6)
    with pytest.raises(UnsupportedError, match="differ in length"):
        fit(make(scored=6, outputs=2, objective=CLASSES, feedback=0.3), split)


def test_there_is_no_free_run_of_probabilities():
    learner = make(inputs=2, outputs=2, objective=CLASSES)
    with pytest.raises(UnsupportedError, match="probabilities of classes cannot be the next inputs"):
        learner.generate(np.zeros((1, 25, 2), np.float32), 3)


@pytest.mark.parametrize("options", [*SHAPES, {"feedback": 0.4}])
def test_a_snapshot_shows_states_that_follow_from_its_weights(options):
    learner = make(scored=10, precision="float64", **options)
    fit(learner, scored=10)
    inputs = sine(3).inputs
    states, weights = learner.snapshot(inputs)
    outputs = states @ weights["readout"].T + weights["readout_bias"]
    np.testing.assert_allclose(outputs[:, -10:], learner.predict(inputs), atol=1e-4)
    if "feedback" not in options:
        recurrent, into, offset = (weights[name] for name in ("recurrent", "input", "bias"))
        drive = states[:, 4] @ recurrent.T + inputs[:, 5] @ into.T + offset
        np.testing.assert_allclose(states[:, 5], 0.5 * states[:, 4] + 0.5 * np.tanh(drive), atol=1e-6)


def test_the_microscope_looks_before_the_first_update_and_when_the_readout_is_solved():
    learner, seen = make(), []
    fit(learner, watch=lambda updates: seen.append((updates, set(learner.snapshot(sine(1).inputs).weights))))
    assert seen == [
        (0, {"recurrent", "input", "bias"}),
        (1, {"recurrent", "input", "bias", "readout", "readout_bias"}),
    ]


def test_the_esn_names_the_code_that_ran():
    sparse, dense = (make(**shape) for shape in SHAPES)
    assert sparse.kernel is None
    fit(sparse), fit(dense)
    assert (sparse.kernel, dense.kernel) == ("numba step", "dense products")
