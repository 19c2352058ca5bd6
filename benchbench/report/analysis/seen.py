"""What the microscope saw, in numbers: eigenvalues of recurrent matrices and how far a gradient reaches back."""

import numpy as np
import pandas as pd

from benchbench.core.artifacts import Arrays
from benchbench.report.analysis.arrays import Floats, Kept, each_kept, recurrent, snapshots
from benchbench.report.analysis.study import Numbers

FADED = 1e-3  # of the gradient's norm at the last step
_ROUNDING = 1e-3  # an orthogonal matrix has eigenvalues on the unit circle, and rounding puts them on either side


def radius(matrix: Floats) -> float:
    """The spectral radius of a matrix (unit, unit)."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def faded(norms: Floats) -> int | None:
    """How many steps back, (step,), a gradient first is below a thousandth of what it is at the last step.

    None where it never is.
    """
    below = norms < FADED * norms[0]
    return int(below.argmax()) if below.any() else None


def table(numbers: Numbers) -> pd.DataFrame:
    """A row a competitor and seed, before training and after it; empty where the microscope saw no matrix."""
    return pd.DataFrame([place | row for place, run in each_kept(numbers, "snapshot.updates") if (row := _row(run))])


def _row(run: Kept) -> dict[str, object]:
    """Nothing where there is no recurrent matrix."""
    _, taken = snapshots(run)
    first, last = (_end(seen) for seen in (taken[0], taken[-1]))
    if not first or not last:
        return {}
    ends = {"before": first, "after": last}
    numbers = {f"{name}_{when}": value for when, end in ends.items() for name, value in end.items()}
    return {"seed": run.record.trial.seed} | numbers


def _end(seen: Arrays) -> dict[str, object]:
    matrix = recurrent(seen)
    if matrix is None:
        return {}
    values = np.abs(np.linalg.eigvals(matrix))
    found = {
        "units": len(matrix),
        "spectral_radius": float(values.max()),
        "outside": int((values > 1 + _ROUNDING).sum()),
    }
    back = np.asarray(seen["back"], float) if "back" in seen else None
    return found | ({} if back is None else {"steps": len(back) - 1, "faded": faded(back)})
