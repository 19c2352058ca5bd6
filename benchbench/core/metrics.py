"""Metrics of predictions over arrays (sequence, scored, output), computed by scikit-learn.

Functions import scikit-learn when they are called, since programs that only read records do not need it.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]


class UndefinedError(ValueError):
    """A metric has no value for these targets; the message is a sentence that says why."""


def mse(targets: Numbers, predictions: Numbers) -> float:
    """Mean squared error of predictions (sequence, scored, output) against targets of the same shape.

    The mean is over all sequences, scored steps and outputs. Raises ValueError where the shapes differ.
    """
    from sklearn import metrics as sklearn_metrics

    _same_shape(targets, predictions)
    return float(sklearn_metrics.mean_squared_error(_column(targets), _column(predictions)))


def rmse(targets: Numbers, predictions: Numbers) -> float:
    """Root of the mean squared error of predictions (sequence, scored, output) against targets of the same shape.

    Raises ValueError where the shapes differ.
    """
    return float(mse(targets, predictions) ** 0.5)


def nrmse(targets: Numbers, predictions: Numbers) -> float:
    """RMSE of predictions (sequence, scored, output) divided by the standard deviation of targets of the same shape.

    All steps and outputs are pooled. Raises ValueError where the shapes differ, UndefinedError for constant targets.
    """
    error = rmse(targets, predictions)
    _not_constant(targets)
    return error / float(np.std(targets, dtype=np.float64))


def r2(targets: Numbers, predictions: Numbers) -> float:
    """Coefficient of determination of predictions (sequence, scored, output) against targets of the same shape.

    All steps and outputs are pooled. Raises ValueError where the shapes differ, UndefinedError for constant targets.
    """
    from sklearn import metrics as sklearn_metrics

    _same_shape(targets, predictions)
    _not_constant(targets)
    return float(sklearn_metrics.r2_score(_column(targets), _column(predictions)))


def accuracy(targets: Numbers, predictions: Numbers) -> float:
    """Share of scored steps whose most probable class is the true one.

    Predictions are probabilities (sequence, scored, class), targets one-hot arrays of the same shape.
    """
    from sklearn import metrics as sklearn_metrics

    return float(sklearn_metrics.accuracy_score(*_classes(targets, predictions)))


def balanced_accuracy(targets: Numbers, predictions: Numbers) -> float:
    """Mean recall over the classes that occur in the targets.

    Predictions are probabilities (sequence, scored, class), targets one-hot arrays of the same shape.
    """
    from sklearn import metrics as sklearn_metrics

    true, found = _classes(targets, predictions)
    return float(sklearn_metrics.recall_score(true, found, labels=np.unique(true), average="macro", zero_division=0))


def averaged(which: Literal["f1", "precision", "recall"], targets: Numbers, predictions: Numbers) -> float:
    """F1, precision or recall, averaged with equal weights over all classes that are true or predicted somewhere.

    Predictions are probabilities (sequence, scored, class), targets one-hot arrays of the same shape.
    """
    from sklearn import metrics as sklearn_metrics

    true, found = _classes(targets, predictions)
    score = getattr(sklearn_metrics, f"{which}_score")
    return float(score(true, found, average="macro", zero_division=0))


def auroc(targets: Numbers, predictions: Numbers) -> float:
    """Area under the ROC curve: of the second of two classes, or the mean over several classes, each against the rest.

    Predictions are probabilities (sequence, scored, class), targets one-hot arrays of the same shape. Raises
    UndefinedError where a class does not occur among the targets.
    """
    from sklearn import metrics as sklearn_metrics

    true, _ = _classes(targets, predictions)
    probabilities = predictions.reshape(-1, predictions.shape[-1]).astype(np.float64)
    present = np.unique(true)
    if len(present) < probabilities.shape[1]:
        missing = probabilities.shape[1] - len(present)
        raise UndefinedError(
            f"The area under the ROC curve is undefined: {missing} of {probabilities.shape[1]} classes do not occur "
            "among the targets."
        )
    one_hot = np.eye(probabilities.shape[1])[true]
    columns = [1] if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    return float(np.mean([sklearn_metrics.roc_auc_score(one_hot[:, c], probabilities[:, c]) for c in columns]))


def log_loss(targets: Numbers, predictions: Numbers) -> float:
    """Mean cross-entropy in nats of predicted probabilities, each raised to float32's epsilon at least.

    Predictions are (sequence, scored, class), targets one-hot arrays of the same shape.
    """
    _same_shape(targets, predictions)
    probabilities = predictions.reshape(-1, predictions.shape[-1]).astype(np.float64)
    probabilities = np.clip(probabilities, np.finfo(np.float32).eps, None)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return float(-np.mean(np.sum(targets.reshape(probabilities.shape) * np.log(probabilities), axis=1)))


def _classes(targets: Numbers, predictions: Numbers) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The true and the most probable class of each scored step, both (step,)."""
    _same_shape(targets, predictions)
    return targets.argmax(axis=-1).reshape(-1), predictions.argmax(axis=-1).reshape(-1)


def _column(array: Numbers) -> NDArray[np.float64]:
    return np.asarray(array, dtype=np.float64).reshape(-1)


def _not_constant(targets: Numbers) -> None:
    if np.ptp(targets) == 0:  # the deviation of equal numbers is not always exactly zero
        raise UndefinedError("The targets are constant, so that there is no variance to compare with.")


def _same_shape(targets: Numbers, predictions: Numbers) -> None:
    if targets.shape != predictions.shape:
        raise ValueError(f"predictions have shape {predictions.shape}, targets {targets.shape}; give the same shape")
