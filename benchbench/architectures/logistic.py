"""Baseline: logistic regression on the window. Cox 1958, J. Roy. Stat. Soc. B 20(2):215-242."""

import warnings
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchbench.core.errors import UnsupportedError
from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Learner, Setting, Size, Split
from benchbench.core.registry import architecture
from benchbench.learn.choosing import Standing, standing
from benchbench.learn.gradient import ClassWeights
from benchbench.learn.sequences import Lengths, windows

_LEARNT = ("coef", "intercept", "classes")  # of scikit-learn's model
STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0)  # inverse strengths of the ridge penalty


@architecture("logistic", version=1, baseline=True, solves=True)
def logistic(
    setting: Setting,
    *,
    class_weights: ClassWeights = "equal",
    shorter_sequences: Literal["decline", "pad_front"] = "decline",
) -> Learner:
    """Baseline: logistic regression on the window, by scikit-learn, with its penalty chosen on validation.

    Where more than one step is scored, it is a causal filter. Sequences of different length are treated as by
    ``linear``.
    """
    return Logistic(setting, class_weights, pad=shorter_sequences == "pad_front")


class Logistic:
    """A learner of one weight for each tap, input and class; two classes share one set of weights."""

    kernel = "scikit-learn lbfgs"

    def __init__(self, setting: Setting, class_weights: ClassWeights, *, pad: bool) -> None:
        self._setting, self._pad = setting, pad
        self._balance = "balanced" if class_weights == "balanced" else None
        self._taps = setting.length - setting.scored + 1
        sets = 1 if setting.outputs == 2 else setting.outputs
        self.size = Size(trained=(self._taps * setting.inputs + 1) * sets)

    def fit(self, train: Split, valid: Split, meter: Meter) -> None:
        """Solve with each penalty, and keep the solution that is best on validation.

        Raises UnsupportedError where no classes are asked for, and where sequences differ in length as in ``linear``.
        """
        if not self._setting.objective.classifies:
            raise UnsupportedError("logistic predicts classes, and this problem asks for numbers")
        rows, classes = self._rows(train.inputs, train.lengths), train.targets.argmax(axis=2).ravel()
        if len(set(classes.tolist())) < 2:
            raise UnsupportedError("logistic needs two classes in the training split")
        meter.spend()
        best: tuple[Standing, Any] | None = None
        for strength in STRENGTHS:
            model = self._solved(rows, classes, strength)
            with meter.paused():
                found = self._probabilities(model, valid.inputs, valid.lengths)
                now = standing(self._setting.objective, valid.targets, found)
            if best is None or now < best[0]:
                best = now, model
        if best is not None:
            self._model = best[1]
            meter.note(best[0].loss)

    def predict(self, inputs: Array, lengths: Lengths | None = None) -> Array:
        """Map inputs (sequence, time, feature) and lengths (sequence,) to probabilities (sequence, scored, class)."""
        return self._probabilities(self._model, inputs, lengths)

    def keep(self) -> dict[str, NDArray[Any]]:
        """Weights (class, feature), intercepts (class,), and the numbers (class,) of the classes in training."""
        return {name: getattr(self._model, f"{name}_") for name in _LEARNT}

    def restore(self, kept: Mapping[str, NDArray[Any]]) -> None:
        """Use the arrays that ``keep`` returned: weights (class, feature), intercepts and numbers (class,)."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  only where a learner was kept

        self._model = LogisticRegression()
        for name in _LEARNT:
            setattr(self._model, f"{name}_", kept[name])

    def _solved(self, rows: Array, classes: Any, strength: float) -> Any:
        from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415  only where it is fitted
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return LogisticRegression(C=strength, class_weight=self._balance, max_iter=500).fit(rows, classes)

    def _probabilities(self, model: Any, inputs: Array, lengths: Lengths | None) -> Array:
        setting = self._setting
        found = np.zeros((len(inputs) * setting.scored, setting.outputs), np.float32)
        found[:, model.classes_] = model.predict_proba(self._rows(inputs, lengths))
        return found.reshape(len(inputs), setting.scored, setting.outputs)

    def _rows(self, inputs: Array, lengths: Lengths | None) -> Array:
        """The windows that end at the scored steps: (sequence x scored, feature x tap)."""
        under = windows(inputs, lengths, self._taps, name="logistic", pad=self._pad)
        return under.reshape(-1, under.shape[2] * self._taps)
