"""The readout: equal to scikit-learn's ridge, and exact where normal equations are not."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from benchbench.learn.readout import Rows, solve


def rows(features, targets, chunk=7):
    held = Rows(features.shape[1], targets.shape[1])
    for i in range(0, len(features), chunk):
        held.add(torch.from_numpy(features[i : i + chunk]), torch.from_numpy(targets[i : i + chunk]))
    return held


def problem(count=60, features=5, outputs=2, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((count, features)) + 3
    return x, x @ rng.standard_normal((features, outputs)) + 0.1 * rng.standard_normal((count, outputs)) - 1


@given(strength=st.floats(1e-8, 10), chunk=st.integers(1, 80), seed=st.integers(0, 99))
def test_each_solution_equals_that_of_scikit_learn_s_ridge_whatever_the_chunks(strength, chunk, seed):
    x, y = problem(seed=seed)
    [(_, weights)] = rows(x, y, chunk).path((strength,))
    reference = Ridge(alpha=strength * len(x)).fit(x, y)
    np.testing.assert_allclose(weights[1:].numpy().T, reference.coef_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(weights[0].numpy(), reference.intercept_, rtol=1e-6, atol=1e-8)


def test_the_error_from_the_triangle_is_the_error_over_all_rows():
    x, y = problem()
    held = rows(x, y)
    weights = torch.randn(6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    direct = np.mean((x @ weights[1:].numpy() + weights[0].numpy() - y) ** 2)
    assert held.errors([weights])[0] == pytest.approx(direct, rel=1e-10)


def test_the_strength_is_the_one_best_on_validation():
    x, y = problem(count=12, features=10)
    xv, yv = problem(count=200, features=10, seed=1)
    solution = solve(rows(x, y), rows(xv, yv))
    errors = {s: rows(xv, yv).errors([w])[0] for s, w in rows(x, y).path()}
    assert solution.strength == min(errors, key=errors.get)
    assert solution.loss == pytest.approx(min(errors.values()))


def test_small_singular_values_survive_that_normal_equations_lose():
    rng = np.random.default_rng(0)
    base = rng.standard_normal((200, 1))
    x = np.hstack([base, base + 1e-9 * rng.standard_normal((200, 1))])
    y = (x[:, :1] - x[:, 1:]) * 1e9
    [(_, weights)] = rows(x, y).path((0.0,))
    assert rows(x, y).errors([weights])[0] < 1e-6
    centred = x - x.mean(axis=0)
    squared = np.linalg.lstsq(centred.T @ centred, centred.T @ y, rcond=None)[0]
    assert np.mean((centred @ squared - y) ** 2) > 0.1


def test_fewer_rows_than_features_can_be_solved():
    x, y = problem(count=4, features=10)
    solution = solve(rows(x, y), rows(x, y))
    assert torch.isfinite(solution.weights).all()


def test_predictions_include_the_intercept_at_every_step():
    x, y = problem()
    solution = solve(rows(x, y), rows(x, y))
    predicted = solution.predict(torch.from_numpy(x.reshape(6, 10, 5)))
    assert predicted.shape == (6, 10, 2)
    np.testing.assert_allclose(predicted.reshape(60, 2).numpy(), y, atol=0.5)
