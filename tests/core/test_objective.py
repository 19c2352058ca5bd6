"""Objectives: metrics and their direction against scikit-learn and closed forms, choices, and undefined metrics."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from benchbench.core.errors import InputError
from benchbench.core.objective import Metric, Objective

CLASSIFICATION, REGRESSION = Objective.classification(), Objective.regression()


def drawn(seed: int, classes: int = 3, count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """One-hot targets in which every class occurs, and probabilities: (sequence, 2 scored steps, class)."""
    rng = np.random.default_rng(seed)
    true = np.concatenate([np.arange(classes), rng.integers(classes, size=2 * count - classes)])
    probabilities = rng.dirichlet(np.ones(classes), 2 * count).astype(np.float32)
    targets = np.eye(classes, dtype=np.float32)[true]
    return targets.reshape(count, 2, classes), probabilities.reshape(count, 2, classes)


@given(st.integers(0, 1000), st.integers(2, 4))
def test_the_metrics_of_a_classification_equal_those_of_scikit_learn(seed: int, classes: int) -> None:
    targets, predictions = drawn(seed, classes)
    values, undefined = CLASSIFICATION.scores(targets, predictions)
    rows, made = targets.reshape(-1, classes), predictions.reshape(-1, classes).astype(float)
    made /= made.sum(axis=1, keepdims=True)
    true, found = rows.argmax(1), made.argmax(1)
    scores = made[:, 1] if classes == 2 else made
    assert undefined == {}
    assert values["accuracy"] == pytest.approx(sk.accuracy_score(true, found))
    assert values["balanced_accuracy"] == pytest.approx(sk.balanced_accuracy_score(true, found))
    assert values["f1_macro"] == pytest.approx(sk.f1_score(true, found, average="macro"))
    assert values["precision"] == pytest.approx(sk.precision_score(true, found, average="macro", zero_division=0))
    assert values["recall"] == pytest.approx(sk.recall_score(true, found, average="macro", zero_division=0))
    assert values["auroc"] == pytest.approx(sk.roc_auc_score(true, scores, multi_class="ovr"), abs=1e-6)
    assert values["log_loss"] == pytest.approx(sk.log_loss(true, made), rel=1e-4)
    assert values["loss"] == values["log_loss"]


def test_the_area_under_the_curve_of_one_class_is_undefined_with_a_reason() -> None:
    targets, predictions = drawn(0, 2)
    targets[:] = [1, 0]
    values, undefined = CLASSIFICATION.scores(targets, predictions)
    assert values["auroc"] is None
    assert undefined == {
        "auroc": "The area under the ROC curve is undefined: 1 of 2 classes do not occur among the targets."
    }
    assert values["accuracy"] is not None


def test_the_loss_chooses_unless_a_metric_is_named_and_lower_is_always_better() -> None:
    targets, predictions = drawn(1)
    by_f1 = Objective.classification(choose="f1_macro")
    assert CLASSIFICATION.choice(targets, predictions) == CLASSIFICATION.loss_of(targets, predictions)
    assert by_f1.choice(targets, predictions) == -CLASSIFICATION.scores(targets, predictions)[0]["f1_macro"]
    assert by_f1.choice(targets, targets) < by_f1.choice(targets, predictions)


def test_predictions_with_an_undefined_choosing_metric_rank_as_infinitely_bad() -> None:
    targets, predictions = drawn(0, 2)
    targets[:] = [1, 0]
    assert Objective.classification(choose="auroc").choice(targets, predictions) == np.inf


def test_the_loss_of_a_regression_is_its_mean_squared_error() -> None:
    targets, predictions = (np.random.default_rng(s).standard_normal((5, 2, 3)).astype(np.float32) for s in (0, 1))
    values, _ = REGRESSION.scores(targets, predictions)
    assert values["loss"] == values["mse"] == pytest.approx(np.mean((targets - predictions).astype(float) ** 2))


def cost(targets: np.ndarray, predictions: np.ndarray) -> float:
    return float(np.abs(targets - predictions).sum())


def flagged(targets: np.ndarray, predictions: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean(labels))


def test_a_user_s_metric_can_be_pickled_and_keeps_its_direction() -> None:
    own = Objective(
        "mine", "squared_error", {"cost": Metric(cost), "flagged": Metric(flagged, "higher", labels=True)}, "cost"
    )
    again = pickle.loads(pickle.dumps(own))  # noqa: S301
    assert again == own
    assert own.facts.metrics == {"cost": "lower", "flagged": "higher"}
    assert (own.facts.better("flagged"), own.facts.better("loss"), own.facts.choose) == ("higher", "lower", "loss")
    targets = np.zeros((4, 1, 1), np.float32)
    values, undefined = again.scores(targets, targets + 1)
    assert values["cost"] == 4
    assert (values["flagged"], undefined["flagged"]) == (None, "The split holds no labels for this metric.")
    assert again.scores(targets, targets, np.array([1, 0, 0, 0]))[0]["flagged"] == 0.25


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_metric_that_is_not_finite_is_undefined(value: float) -> None:
    own = Objective("mine", "squared_error", {"odd": Metric(lambda t, p: value)}, "odd")
    targets = np.zeros((4, 1, 1), np.float32)
    assert own.scores(targets, targets) == ({"odd": None, "loss": 0.0}, {"odd": f"The metric gave {value}."})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": "sqared_error"}, "unknown loss 'sqared_error'; did you mean 'squared_error'"),
        ({"primary": "coste"}, "unknown primary metric 'coste'; did you mean 'cost'"),
        ({"choose": "coste"}, "unknown metric to choose by 'coste'"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(changes: dict[str, str], message: str) -> None:
    facts = {"name": "mine", "loss": "squared_error", "metrics": {"cost": Metric(cost)}, "primary": "cost"}
    with pytest.raises(InputError, match=message):
        Objective(**{**facts, **changes})


def test_a_metric_needs_a_function_and_a_direction() -> None:
    with pytest.raises(TypeError, match="a metric needs a function"):
        Metric("f1")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="unknown direction of a metric 'hihger'; did you mean 'higher'"):
        Metric(cost, "hihger")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="metric 'cost' must be a benchbench\\.Metric, not function"):
        Objective("mine", "squared_error", {"cost": cost}, "cost")  # type: ignore[dict-item]


@pytest.mark.parametrize("name", ["loss", "score", "choice", "sequences", "a b", "", "a|b"])
def test_a_metric_with_a_reserved_or_malformed_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="letters, digits"):
        Objective("mine", "squared_error", {"cost": Metric(cost), name: Metric(cost)}, "cost")


def test_a_metric_that_needs_labels_cannot_choose_on_validation() -> None:
    with pytest.raises(InputError, match="'flagged' needs labels, which validation does not have"):
        Objective("mine", "squared_error", {"flagged": Metric(flagged, labels=True)}, "flagged", choose="flagged")


def test_a_metric_that_divides_by_zero_is_undefined_and_costs_no_other_score() -> None:
    own = Objective("mine", "squared_error", {"cost": Metric(cost), "odd": Metric(lambda t, p: 1 / 0)}, "cost")
    targets = np.zeros((4, 1, 1), np.float32)
    values, undefined = own.scores(targets, targets)
    assert (values["cost"], values["odd"]) == (0.0, None)
    assert undefined == {"odd": "The metric is undefined: division by zero."}
