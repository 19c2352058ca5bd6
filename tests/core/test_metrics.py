import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchbench.core.metrics import mse
from benchbench.core.objective import Objective

shapes = st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))
numbers = st.floats(-100, 100, width=32)


def scores(targets: np.ndarray, predictions: np.ndarray) -> dict[str, float | None]:
    values, _ = Objective.regression().scores(targets, predictions)
    del values["loss"]
    return values


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)[:, None, None]


def test_the_mean_squared_error_equals_the_closed_form() -> None:
    assert mse(column(0, 0, 0, 0), column(1, 2, 3, 4)) == (1 + 4 + 9 + 16) / 4


def test_the_scores_equal_the_closed_forms() -> None:
    got = scores(column(1, 2, 3, 4), column(2, 2, 3, 4))
    assert got["mse"] == pytest.approx(0.25, rel=1e-12)
    assert got["rmse"] == pytest.approx(0.5, rel=1e-12)
    assert got["nrmse"] == pytest.approx(0.5 / 1.25**0.5, rel=1e-12)
    assert got["r2"] == pytest.approx(1 - 0.25 / 1.25, rel=1e-12)


def test_a_perfect_prediction_scores_zero_and_one() -> None:
    assert scores(column(1, 2), column(1, 2)) == {"mse": 0, "rmse": 0, "nrmse": 0, "r2": 1}


def test_the_mean_of_the_targets_scores_one_and_zero() -> None:
    got = scores(column(1, 2, 3), column(2, 2, 2))
    assert got["nrmse"] == pytest.approx(1, rel=1e-12)
    assert got["r2"] == pytest.approx(0, abs=1e-12)


@given(st.data(), shapes)
def test_all_sequences_steps_and_outputs_are_pooled(data: st.DataObject, shape: tuple[int, int, int]) -> None:
    targets, predictions = (data.draw(arrays(np.float32, shape, elements=numbers)) for _ in range(2))
    errors = (targets.astype(np.float64) - predictions) ** 2
    got = scores(targets, predictions)
    assert got["mse"] == pytest.approx(errors.mean(), rel=1e-9)
    assert got["rmse"] == pytest.approx(errors.mean() ** 0.5, rel=1e-9)
    if np.ptp(targets) > 1e-3:
        variance = targets.astype(np.float64).var()
        assert got["nrmse"] == pytest.approx((errors.mean() / variance) ** 0.5, rel=1e-6)
        assert got["r2"] == pytest.approx(1 - errors.mean() / variance, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, 3.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_constant_targets_have_neither_nrmse_nor_r2(value: float, dtype: type) -> None:
    targets = np.full((3, 1, 1), value, dtype=dtype)
    got = scores(targets, targets + 1)
    assert (got["nrmse"], got["r2"]) == (None, None)
    assert got["mse"] == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize(
    ("targets", "predictions"), [((4,), (4, 1)), ((4, 1), (4,)), ((4, 1, 1), (4, 2, 1)), ((4, 1, 1), (1, 1, 1))]
)
def test_shapes_that_would_broadcast_are_an_error(targets: tuple[int, ...], predictions: tuple[int, ...]) -> None:
    for score in (mse, scores):
        with pytest.raises(ValueError, match=r"predictions have shape \(.*\), targets \("):
            score(np.zeros(targets, np.float32), np.zeros(predictions, np.float32))


def test_the_arithmetic_is_in_double_precision() -> None:
    targets = np.full((1_000, 1, 1), 1e4, np.float32)
    targets[::2] += 1
    assert scores(targets, targets + 1)["mse"] == 1
    assert scores(targets, targets + 1)["nrmse"] == pytest.approx(2, rel=1e-9)
