"""Print how each decay of the learning rate compares with a constant rate, from the committed table of pairs."""

from pathlib import Path

import numpy as np
import pandas as pd

_PAIRS = Path(__file__).parents[2] / "results/report/schedules/tables/pairs.csv"


def main() -> None:
    """Print, for each rung and decay, the mean ratio of its MSE to the constant rate's, and how often it is lower."""
    pairs = pd.read_csv(_PAIRS)
    first, second = (pairs[column].str.split(", ", expand=True) for column in ("first", "second"))
    same = (first[0] == second[0]) & (first[1] == "constant")
    ratios = pd.DataFrame({"rung": pairs["condition"], "decay": second[1], "ratio": 1 / pairs["value"]})[same]
    for (rung, decay), found in ratios.groupby(["rung", "decay"])["ratio"]:
        mean = np.exp(np.log(found).mean())
        lower = f"lower in {(found < 1).sum()} of {len(found)} cells"
        print(f"{rung}, {decay}: {mean:.2f} of the constant rate's MSE, {lower}")


if __name__ == "__main__":
    main()
