"""Compares one engine with another on the same machine: times, memory, scores, and the rankings of networks."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from benchbench.report.analysis.order import networks, several
from benchbench.statistics.pairs import Comparison, beaten, compare_pairs, scale_of

FIRST = "torch"  # the engine that others are compared with, if it was used
SAME, OTHER, OPEN = "yes", "no", "open"
RATIOS = {"update": "update_ms", "predict": "predict_us", "memory": "peak_mib"}
_PLACE = ["machine", "device", "variant", "budget", "length"]
_CELL = [*_PLACE, "architecture"]
_SEED = [*_CELL, "set", "seed"]


@dataclass(frozen=True, kw_only=True)
class Engines:
    """A Selection's networks on one engine and on another of the same machine.

    ``cells`` has a row for each pair of engines (``first``, ``second``), machine, device, task, budget, length and
    architecture. ``update_times`` is the ratio first / second of the times of an update: the median over seeds that
    ended ok on both, with ``_min`` and ``_max``; ``predict_times`` and ``memory_times`` are the same for a prediction
    and for the memory that a fit added. ``score_first`` and ``score_second`` are medians of the primary metric;
    ``same`` says whether they differ by no more than the first engine's range over seeds, and is open with one seed.
    ``orders`` has a row for each pair of engines and place: the networks ordered by their median on each engine,
    whether these orders are the ``same``, and whether two networks are each better than the other on one engine
    (``clear``), by Holm's procedure over the pairs of networks.
    """

    cells: pd.DataFrame
    orders: pd.DataFrame


def engines(frame: pd.DataFrame) -> Engines:
    """The comparisons within the frame of a Selection; empty if no network ran on two engines."""
    nets = frame[frame["architecture"].isin(networks(frame))]
    cells, orders = [], []
    for first, second in combinations(sorted(set(nets["engine"]), key=lambda name: (name != FIRST, name)), 2):
        sides = (nets[nets["engine"] == name] for name in (first, second))
        pairs = _pairs(*sides)
        if not pairs.empty:
            cells.append(_cells(pairs).assign(first=first, second=second))
            orders.append(_orders(pairs).assign(first=first, second=second))
    return Engines(cells=_joined(cells, "update_times"), orders=_joined(orders, "clear"))


def _joined(found: list[pd.DataFrame], column: str) -> pd.DataFrame:
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=[*_CELL, "first", "second", column])


def _pairs(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """One row for each option set and seed that ended ok on both engines."""
    columns = [*_SEED, *RATIOS.values(), "test_score", "rank_score", "disturbed"]
    sides = [part.loc[part["ok"], columns] for part in (first, second)]
    pairs = sides[0].merge(sides[1], on=_SEED, suffixes=("_first", "_second"))
    for kind, cost in RATIOS.items():
        one, other = (pairs[f"{cost}_{side}"].where(pairs[f"{cost}_{side}"] > 0) for side in ("first", "second"))
        pairs[f"{kind}_times"] = one / other
    return pairs


def _cells(pairs: pd.DataFrame) -> pd.DataFrame:
    by = pairs.groupby(_CELL)
    table = pd.DataFrame({"seeds": by["seed"].nunique()})
    for kind, cost in RATIOS.items():
        for side in ("first", "second"):
            table[f"{cost}_{side}"] = by[f"{cost}_{side}"].median()
        for suffix, how in (("", "median"), ("_min", "min"), ("_max", "max")):
            table[f"{kind}_times{suffix}"] = by[f"{kind}_times"].agg(how)
    for side in ("first", "second"):
        table[f"score_{side}"] = by[f"test_score_{side}"].median()
        table[f"disturbed_{side}"] = by[f"disturbed_{side}"].sum()
    table["spread"] = by["test_score_first"].max() - by["test_score_first"].min()
    near = (table["score_first"] - table["score_second"]).abs() <= table["spread"]
    table["same"] = np.where(table["seeds"] < 2, OPEN, np.where(near, SAME, OTHER))
    return table.reset_index()


def _orders(pairs: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for place, part in pairs.groupby(_PLACE):
        if not several(part, "architecture"):
            continue
        scores = [
            part.pivot_table(index="seed", columns="architecture", values=f"rank_score_{side}", aggfunc="min")
            for side in ("first", "second")
        ]
        one, other = ([str(name) for name in side.median().sort_values(kind="stable").index] for side in scores)
        turned = [(a, b) for a, b in combinations(one, 2) if other.index(a) > other.index(b)]
        ahead, behind = (_better(side) for side in scores)
        clear = any((a, b) in ahead and (b, a) in behind for a, b in turned)
        rows.append((*place, ", ".join(one), ", ".join(other), one == other, clear))
    return pd.DataFrame(rows, columns=[*_PLACE, "order_first", "order_second", "same", "clear"])


def _better(scores: pd.DataFrame) -> set[tuple[str, str]]:
    """The pairs (better network, worse network), from scores (seed, network) of which lower is better."""
    names = [str(name) for name in scores]
    values = scores.to_numpy(float).T
    found = compare_pairs(values, np.random.default_rng(0), Comparison(scale=scale_of(values, "lower")))
    beats = beaten(found, len(names))
    return {(names[i], names[j]) for i, j in np.argwhere(beats)}
