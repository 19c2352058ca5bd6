"""Numbers from the microscope: eigenvalues of recurrent matrices, and how far a gradient reaches back."""

import numpy as np
import pandas as pd

from benchbench.core.artifacts import Arrays
from benchbench.report.analysis.arrays import Floats, Kept, each_kept, recurrent, snapshots
from benchbench.report.analysis.study import Numbers

FADED = 1e-3  # a gradient has faded below this share of its norm at the last step
_ROUNDING = 1e-3  # tolerance for eigenvalues on the unit circle, such as those of an orthogonal matrix


def radius(matrix: Floats) -> float:
    """The spectral radius of a matrix (unit, unit)."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def faded(norms: Floats) -> int | None:
    """How many steps back a gradient's norm (step,) first falls below a thousandth of that at the last step.

    None if it never does.
    """
    below = norms < FADED * norms[0]
    return int(below.argmax()) if below.any() else None


def table(numbers: Numbers) -> pd.DataFrame:
    """One row for each competitor and seed, before and after training; empty if no snapshot has a recurrent matrix."""
    return pd.DataFrame([place | row for place, run in each_kept(numbers, "snapshot.updates") if (row := _row(run))])


def _row(run: Kept) -> dict[str, object]:
    """The numbers of a trial; empty if it has no recurrent matrix."""
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
