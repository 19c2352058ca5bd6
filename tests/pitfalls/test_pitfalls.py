"""Each pitfall confirms its sentence, at sizes that take seconds."""

import numpy as np
import pytest

from benchbench import pitfalls
from benchbench.core.errors import InputError
from benchbench.pitfalls import euler, normal_equations, one_sided_tuning, random_split, short_budget
from benchbench.signals.mackey_glass import LYAPUNOV, series


def by(rows, column):
    return {row[column]: row for row in rows}


@pytest.fixture(scope="module")
def integrators():
    return euler.show(units=20_000, seeds=4, starts=20)


@pytest.fixture(scope="module")
def splits():
    return random_split.show(seeds=3, updates=250)


@pytest.fixture(scope="module")
def solvers():
    return normal_equations.show(seeds=1)


def test_the_list_has_the_name_of_every_file():
    expected = ["euler", "normal_equations", "one_sided_tuning", "random_split", "short_budget"]
    assert pitfalls.names() == expected
    assert all(pitfalls.summary(name).endswith(".") for name in pitfalls.names())
    assert pitfalls.get("euler") is euler.show


def test_for_an_unknown_name_the_message_gives_the_nearest_one():
    with pytest.raises(InputError, match=r"unknown pitfall 'eulr'; did you mean 'euler'\? Allowed: euler, normal_equ"):
        pitfalls.get("eulr")


def test_euler_steps_as_its_formula_does():
    history = 1.2 + 0.1 * np.sin(np.arange(18.0))
    x = list(history)
    for _ in range(60):
        x.append(x[-1] + 0.2 * x[-18] / (1 + x[-18] ** 10) - 0.1 * x[-1])
    np.testing.assert_allclose(euler.euler(history, 60, 1), x[17:], rtol=0, atol=1e-13)


def test_the_series_at_every_step_agrees_with_the_signal():
    fine = euler._runge_kutta(3, 200)
    np.testing.assert_allclose(fine[::10], series(np.random.default_rng(3), 200), rtol=0, atol=1e-7)


def test_a_periodic_orbit_has_the_exponent_zero(monkeypatch):
    monkeypatch.setattr(euler, "TAU", 14)
    way = euler.WAYS[0]
    assert euler.lyapunov(euler._orbit(way, 0, 20_000), way) == pytest.approx(0, abs=2e-4)


@pytest.mark.long
def test_euler_is_more_chaotic_has_a_wider_range_and_soon_leaves_the_orbit(integrators):
    true, fine, coarse = integrators.rows
    assert true["exponent"] == pytest.approx(LYAPUNOV[17.0], abs=3e-4)
    assert fine["exponent"] == pytest.approx(0.0061, abs=4e-4)
    assert coarse["exponent"] == pytest.approx(0.0083, abs=4e-4)
    assert true["exponent"] < fine["exponent"] < coarse["exponent"]
    assert coarse["lowest"] < fine["lowest"] < true["lowest"] == pytest.approx(0.417, abs=0.001)
    assert coarse["deviation"] > true["deviation"] == pytest.approx(0.2260, abs=0.002)
    assert coarse["leaves RK4 after"] < LYAPUNOV[17.0] ** -1 < fine["leaves RK4 after"] < 1000


@pytest.mark.long
def test_half_of_the_starts_have_left_the_truth_at_the_time_in_the_table(integrators):
    panel = next(panel for panel in integrators.panels if "share" in panel.y_label)
    shares = by([{"name": curve.name, "curve": curve} for curve in panel.curves], "name")
    for row in integrators.rows[1:]:
        curve = shares[row["integrator"]]["curve"]
        first = next(x for x, y in zip(curve.x, curve.y, strict=True) if y <= 0.5)
        assert abs(first - row["leaves RK4 after"]) < 30


def test_the_random_split_has_neighbouring_windows_in_train_and_test_and_ours_has_none():
    series = np.random.default_rng(0).standard_normal((400, 1))

    def places(split):
        return np.array([np.flatnonzero(np.isclose(scaled, window[0, 0], atol=1e-6))[0] for window in split.inputs])

    (train, _, test), mean, scale = random_split.leaking(series, np.random.default_rng(1))
    scaled = ((series - mean) / scale).ravel()
    assert (mean, scale) == pytest.approx((series.mean(), series.std()))
    assert np.mean(np.abs(places(test)[:, None] - places(train)).min(axis=1) == 1) > 0.8
    (train, _, test), mean, scale = random_split.chronological(series)
    scaled = ((series - mean) / scale).ravel()
    assert places(test).min() - places(train).max() > random_split.LENGTH + random_split.HORIZON


@pytest.mark.long
def test_the_leak_flatters_learners_that_memorise(splits):
    leak = by([row for row in splits.rows if row["split"] == random_split.LEAK], "learner")
    honest = by([row for row in splits.rows if row["split"] == random_split.HONEST], "learner")
    for name in ("neighbours", "gru"):
        assert leak[name]["reported"] < 0.95
        assert leak[name]["fresh"] > 1.1
        assert leak[name]["fresh / reported"] > 1.3 > honest[name]["fresh / reported"]
    assert leak["linear"]["fresh / reported"] == pytest.approx(1, abs=0.1)
    assert all(row["fresh"] > 0.99 for row in splits.rows)  # nothing beats the best possible forecast on fresh data


@pytest.mark.long
def test_singular_values_beat_normal_equations_by_orders_of_magnitude(solvers):
    rows = by(solvers.rows, "solver")
    svd, normal, single = (rows[normal_equations.WAYS[i].name] for i in (0, 2, 3))
    assert svd["NRMSE84, best ridge"] < 1e-3
    assert svd["NRMSE84, no ridge"] < 0.02
    assert svd["train, no ridge"] < 1e-4 < single["train, no ridge"]
    assert min(normal["NRMSE84, no ridge"], single["NRMSE84, no ridge"]) > 0.1
    assert normal["NRMSE84, ridge 1e-06"] > 100 * svd["NRMSE84, best ridge"]
    assert single["NRMSE84, best ridge"] > 100 * svd["NRMSE84, best ridge"]


def test_both_solvers_agree_where_the_ridge_is_strong():
    rng = np.random.default_rng(0)
    features, targets = rng.standard_normal((60, 5)), rng.standard_normal(60)
    for one, other in zip(
        normal_equations.normal_equations(features, targets),
        normal_equations.singular_values(features, targets),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_a_singular_matrix_gives_nan_and_no_crash():
    solved = next(normal_equations.normal_equations(np.zeros((4, 2)), np.zeros(4)))
    assert np.isnan(solved).all()


@pytest.mark.long
@pytest.mark.parametrize(
    ("show", "sizes"),
    [
        (euler.show, {"units": 2000, "seeds": 2, "starts": 2}),
        (random_split.show, {"seeds": 1, "samples": 400, "updates": 5}),
        (normal_equations.show, {"seeds": 1, "units": 40, "points": 900}),
        (one_sided_tuning.show, {"seeds": 2, "tries": 2, "samples": 400, "updates": 3}),
        (short_budget.show, {"seeds": 2, "samples": 500, "budgets": (2, 4)}),
    ],
)
def test_the_same_sizes_give_the_same_data(show, sizes):
    first = show(**sizes)
    assert first.model_dump_json() == show(**sizes).model_dump_json()
    assert first.name == show.__module__.rpartition(".")[2]


@pytest.mark.long
def test_every_number_of_a_sentence_is_in_its_table(integrators, splits, solvers):
    from benchbench.report.pitfalls import table

    for pitfall in (integrators, splits, solvers):
        for column in pitfall.rows[0]:
            assert column in table(pitfall)[0]
    assert f"{integrators.rows[2]['exponent']:.5f} at h = 1" in integrators.sentence
    assert f"{solvers.rows[2]['NRMSE84, no ridge']:.1e} without ridge" in solvers.sentence
    assert f"{max(row['fresh / reported'] for row in splits.rows):.2f}" in splits.sentence
