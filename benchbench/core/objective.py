"""Objective: what a problem asks of its learners: a loss, metrics with their direction, and the primary metric."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchbench.core import metrics as measures
from benchbench.core.errors import InputError, short, unknown
from benchbench.core.spec import NAME, NAME_RULE, Frozen

Array = NDArray[np.float32]
Better = Literal["lower", "higher"]
Loss = Literal["squared_error", "cross_entropy"]

LOSS = "loss"  # the name under which the loss chooses, and is recorded
_TAKEN = (LOSS, "score", "choice", "sequences")  # columns of the frame that are not metrics
_LOSSES: Mapping[str, Callable[[Any, Any], float]] = {
    "squared_error": measures.mse,
    "cross_entropy": measures.log_loss,
}


@dataclass(frozen=True)
class Metric:
    """A metric: a function that scores predictions, and whether lower or higher values are better.

    ``function(targets, predictions)`` maps two arrays (sequence, scored, output) to a number. Where ``labels`` is True,
    ``function(targets, predictions, labels)`` also gets the labels (sequence, ...) of the test split. A function
    returns NaN or raises ValueError where it is undefined.
    """

    function: Callable[..., float]
    better: Better = "lower"
    labels: bool = False

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(f"a metric needs a function (targets, predictions), not {self.function!r}")
        if self.better not in {"lower", "higher"}:
            raise unknown("direction of a metric", self.better, ("lower", "higher"))


class ObjectiveFacts(Frozen):
    """The part of an objective that a record keeps: its names and directions."""

    name: str
    loss: Loss
    primary: str
    choose: str = LOSS
    metrics: dict[str, Better]

    def better(self, name: str) -> Better:
        """The direction of a metric; a lower loss is always better."""
        return self.metrics.get(name, "lower")


@dataclass(frozen=True)
class Objective:
    """What a problem asks of its learners.

    ``loss`` is what gradient descent minimises: ``squared_error``, or ``cross_entropy`` of one-hot targets and
    predicted probabilities. ``metrics`` has the metrics by name. ``primary`` names the metric that ranks learners.
    ``choose`` names the metric that chooses weights, ridge strength and option sets on the validation split; None
    chooses by the loss. Raises InputError for a name that is not among the metrics.
    """

    name: str
    loss: Loss
    metrics: Mapping[str, Metric]
    primary: str
    choose: str | None = None

    def __post_init__(self) -> None:
        where = f"objective {self.name!r}"
        if self.loss not in _LOSSES:
            raise unknown("loss", self.loss, _LOSSES, where)
        for name, metric in self.metrics.items():
            if not isinstance(name, str) or not re.fullmatch(NAME, name) or name in _TAKEN:
                raise InputError(f"{where}: metric {short(name)}: {NAME_RULE}, and none of {', '.join(_TAKEN)}")
            if not isinstance(metric, Metric):
                raise TypeError(f"{where}: metric {name!r} must be a benchbench.Metric, not {type(metric).__name__}")
        if self.primary not in self.metrics:
            raise unknown("primary metric", self.primary, self.metrics, where)
        if self.choose not in {None, LOSS, *self.metrics}:
            raise unknown("metric to choose by", self.choose, (LOSS, *self.metrics), where)
        if self.choose in self.metrics and self.metrics[str(self.choose)].labels:
            raise InputError(
                f"{where}: metric {self.choose!r} needs labels, which validation does not have; choose by another"
            )
        object.__setattr__(self, "metrics", MappingProxyType(dict(self.metrics)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the arguments, since a read-only mapping cannot be pickled."""
        return type(self), (self.name, self.loss, dict(self.metrics), self.primary, self.choose)

    @staticmethod
    def regression(*, primary: str = "mse", choose: str | None = None) -> "Objective":
        """The objective of a regression: squared error, with the metrics MSE, RMSE, NRMSE and R2."""
        return Objective("regression", "squared_error", _REGRESSION, primary, choose)

    @staticmethod
    def classification(*, primary: str = "balanced_accuracy", choose: str | None = None) -> "Objective":
        """The objective of a classification: cross-entropy, with scikit-learn's metrics.

        These are accuracy, balanced accuracy, macro averages of F1, precision and recall, AUROC and log loss.
        """
        return Objective("classification", "cross_entropy", _CLASSIFICATION, primary, choose)

    @property
    def classifies(self) -> bool:
        """Whether predictions are probabilities of classes."""
        return self.loss == "cross_entropy"

    @property
    def facts(self) -> ObjectiveFacts:
        """The names and directions that a record keeps."""
        return ObjectiveFacts(
            name=self.name,
            loss=self.loss,
            primary=self.primary,
            choose=self.choose or LOSS,
            metrics={name: metric.better for name, metric in self.metrics.items()},
        )

    def loss_of(self, targets: Array, predictions: Array) -> float:
        """The mean loss of predictions (sequence, scored, output) over sequences and scored steps."""
        return _LOSSES[self.loss](targets, predictions)

    def choice(self, targets: Array, predictions: Array) -> float:
        """The value that chooses on validation, of predictions (sequence, scored, output); lower is always better.

        It is the loss or the metric that ``choose`` names, with a minus sign where higher values are better, and
        infinite where that metric is undefined.
        """
        if self.choose in {None, LOSS}:
            return self.loss_of(targets, predictions)
        metric = self.metrics[str(self.choose)]
        value, _ = _value(metric, targets, predictions, None)
        if value is None:
            return float("inf")
        return value if metric.better == "lower" else -value

    def scores(
        self, targets: Array, predictions: Array, labels: NDArray[Any] | None = None
    ) -> tuple[dict[str, float | None], dict[str, str]]:
        """Every metric and the loss, by name, of predictions (sequence, scored, output).

        A value is None where a metric is undefined; the second mapping says why, in one sentence for each of these.
        """
        found = {name: _value(metric, targets, predictions, labels) for name, metric in self.metrics.items()}
        found.setdefault(LOSS, (self.loss_of(targets, predictions), ""))
        values = {name: value for name, (value, _) in found.items()}
        return values, {name: said for name, (value, said) in found.items() if value is None}


def _value(metric: Metric, targets: Array, predictions: Array, labels: NDArray[Any] | None) -> tuple[float | None, str]:
    if metric.labels and labels is None:
        return None, "The split holds no labels for this metric."
    try:
        value = float(metric.function(targets, predictions, *((labels,) if metric.labels else ())))
    except measures.UndefinedError as reason:
        return None, str(reason)
    except (ValueError, ArithmeticError) as reason:
        if targets.shape != predictions.shape:
            raise
        return None, f"The metric is undefined: {' '.join(str(reason).split())}."
    return (value, "") if np.isfinite(value) else (None, f"The metric gave {value}.")


_REGRESSION = {
    "mse": Metric(measures.mse),
    "rmse": Metric(measures.rmse),
    "nrmse": Metric(measures.nrmse),
    "r2": Metric(measures.r2, "higher"),
}
_CLASSIFICATION = {
    "accuracy": Metric(measures.accuracy, "higher"),
    "balanced_accuracy": Metric(measures.balanced_accuracy, "higher"),
    "f1_macro": Metric(partial(measures.averaged, "f1"), "higher"),
    "precision": Metric(partial(measures.averaged, "precision"), "higher"),
    "recall": Metric(partial(measures.averaged, "recall"), "higher"),
    "auroc": Metric(measures.auroc, "higher"),
    "log_loss": Metric(measures.log_loss),
}
