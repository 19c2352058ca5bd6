"""Finds the tasks that ridge regression on the window solves, so that they need no network."""

import numpy as np
import pandas as pd

from benchbench.report.analysis.order import networks
from benchbench.report.analysis.verdicts import PLACE, SAME, WORSE, against, judged
from benchbench.statistics.verdicts import BETTER, OPEN, TIE

LINEAR = "linear"
FLOOR, NONE_BETTER, UNDECIDED, NEEDED = "floor", "none better", "undecided", "network better"
SOLVED = (FLOOR, NONE_BETTER)
_COLUMNS = [*PLACE, "linear", "solved"]
_FLOOR = "the floor"


def solved(frame: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """One row for each condition, task and length at which ``linear`` and a network ended ok, from the frame's pairs.

    ``solved`` is *floor* if the linear score ties with the floor or is better; *none better* if every network is worse
    or ties; *undecided* if no network is better but some pair is open; else *network better*. A network that ended ok
    on no seed is left out.
    """
    rows = []
    ok = frame[frame["rank_score"] < np.inf]
    pairs = dict(list(found.groupby(PLACE)))
    for place, part in ok.groupby(PLACE):
        mine = part[part["made_by"] == LINEAR]
        nets = networks(part)
        if mine.empty or not nets:
            continue
        name = str(mine["architecture"].iloc[0])
        here = pairs.get(place, found[:0])
        rows.append((*place, name, _said(mine[mine["architecture"] == name], against(here, name), nets)))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _said(mine: pd.DataFrame, found: pd.DataFrame, nets: list[str]) -> str:
    if _at_floor(mine):
        return FLOOR
    words = set(found.loc[found["other"].isin(nets), "word"])
    if WORSE in words:
        return NEEDED
    return UNDECIDED if words & {OPEN, SAME} else NONE_BETTER


def _at_floor(mine: pd.DataFrame) -> bool:
    """Whether the scores tie with the floor or are better, by the same statistics as between competitors."""
    if mine["floor"].isna().any():
        return False
    turned = mine["floor"].where(mine["better"] != "higher", -mine["floor"])
    floor = mine.assign(architecture=_FLOOR, rank_score=turned, baseline=True)
    [pair] = against(judged(pd.concat([mine, floor]))[0], str(mine["architecture"].iloc[0])).to_dict("records")
    return bool(pair["word"] in {TIE, BETTER})
