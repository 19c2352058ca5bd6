"""Numbers from the microscope."""

import numpy as np
import pytest

from benchbench.report.analysis.arrays import Kept
from benchbench.report.analysis.seen import _row, faded


def test_a_gradient_has_faded_where_it_is_below_a_thousandth_of_the_first():
    assert faded(2.0 * 0.1 ** np.arange(6.0)) == 4  # 1e-3 itself is not below
    assert faded(np.ones(9)) is None
    assert faded(np.array([1.0, 0.5, 0.0, 0.0])) == 2


def test_eigenvalues_outside_the_unit_circle_are_counted_before_and_after(record):
    rotation = 1.5 * np.array([[0.0, -1.0], [1.0, 0.0]])
    before, after = np.diag([0.5, 0.9, -0.2]), np.diag([0.5, 0.0, 0.0])
    after[1:, 1:] = rotation
    arrays = {"snapshot.updates": np.array([0, 9]), "snapshot.0.weights.recurrent": before,
              "snapshot.1.weights.recurrent": after, "snapshot.0.back": 0.01 ** np.arange(5.0),
              "snapshot.1.back": np.ones(5)}  # fmt: skip
    row = _row(Kept(record(seed=3), arrays))
    assert row["spectral_radius_before"] == pytest.approx(0.9)
    assert row["spectral_radius_after"] == pytest.approx(1.5)
    assert (row["seed"], row["outside_before"], row["outside_after"], row["units_after"]) == (3, 0, 2, 3)
    assert (row["faded_before"], row["faded_after"], row["steps_before"]) == (2, None, 4)


def test_eigenvalues_on_the_unit_circle_are_not_outside_by_rounding(record):
    orthogonal = np.linalg.qr(np.random.default_rng(0).standard_normal((30, 30)))[0].astype(np.float32)
    arrays = {"snapshot.updates": np.array([0]), "snapshot.0.weights.recurrent": orthogonal}
    assert _row(Kept(record(), arrays))["outside_before"] == 0


def test_a_competitor_without_a_recurrent_matrix_has_no_row(record):
    assert _row(Kept(record(), {"snapshot.updates": np.array([0]), "snapshot.0.states": np.ones((1, 2, 3))})) == {}
