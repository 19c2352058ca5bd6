"""The choice of weights and ridge strengths on validation."""

import numpy as np
import pytest

from benchbench import Objective
from benchbench.learn.choosing import standing

TRUE = np.eye(2, dtype=np.float32)[[0, 1, 1, 0]][:, None]


def rows(*second):
    return np.array([[[1 - p, p]] for p in second], np.float32)


def test_a_metric_chooses_in_its_own_direction_and_the_loss_decides_between_equals():
    objective = Objective.classification(choose="accuracy")
    sure, unsure, wrong = rows(0.1, 0.9, 0.9, 0.1), rows(0.4, 0.6, 0.6, 0.4), rows(0.4, 0.6, 0.4, 0.4)
    found = [standing(objective, TRUE, made) for made in (wrong, unsure, sure)]
    assert sorted(found) == found[::-1]
    assert found[1].choice == found[2].choice == -1.0


def test_by_default_the_loss_chooses():
    found = standing(Objective.regression(), TRUE, TRUE + np.float32(0.5))
    assert found == (pytest.approx(0.25), pytest.approx(0.25))


@pytest.mark.parametrize("objective", [Objective.regression(), Objective.classification(choose="auroc")])
def test_predictions_that_are_not_finite_rank_last(objective):
    broken = standing(objective, TRUE, np.full_like(TRUE, np.nan))
    assert np.isinf(broken.choice)
    assert np.isnan(broken.loss)
    assert standing(objective, TRUE, np.float32(0.5) * np.ones_like(TRUE)) < broken
