"""Too short a budget: the network that leads after a few hundred updates need not lead after ten thousand."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchbench.core.pitfall import Panel, Pitfall, Row, curve, finite
from benchbench.pitfalls._networks import errors, interval, problem_of, ratio

WIDTHS = {"rnn": 48, "lstm": 24, "gru": 28}  # about 2,600 trained numbers each
BUDGETS = (300, 1_000, 3_000, 10_000)
RATE = 5e-3
_LENGTH = 50

Scores = dict[str, NDArray[np.float64]]  # network -> test errors (budget, seed)


def show(*, seeds: int = 5, samples: int = 1500, budgets: Sequence[int] = BUDGETS) -> Pitfall:
    """Rank three networks of one size on Mackey-Glass, one step ahead, after each of ``budgets`` updates.

    Every budget has ``seeds`` fits of its own, all with one learning rate; the weights best on validation are kept.
    """
    scores = {name: _scores(name, seeds, samples, budgets) for name in WIDTHS}
    rows = tuple(row for place, updates in enumerate(budgets) for row in _ranking(scores, place, updates))
    return Pitfall(
        name="short_budget",
        title="A short budget against a long one",
        sentence=_sentence(rows, seeds),
        rows=rows,
        panels=_panels(scores, budgets, rows),
    )


def _scores(name: str, seeds: int, samples: int, budgets: Sequence[int]) -> NDArray[np.float64]:
    problems = [problem_of(seed, samples, _LENGTH) for seed in range(seeds)]
    width = WIDTHS[name]
    found = [
        [
            errors(problem, name, seed, width=width, updates=updates, learning_rate=RATE).test
            for seed, problem in enumerate(problems)
        ]
        for updates in budgets
    ]
    return np.array(found)


def _ranking(scores: Scores, place: int, updates: int) -> list[Row]:
    """The rows of one budget, the network with the lowest error first, and each compared with the first."""
    at = {name: found[place] for name, found in scores.items()}
    order = sorted(at, key=lambda name: interval(at[name]).mean)
    rows: list[Row] = []
    for rank, name in enumerate(order, start=1):
        error, behind = interval(at[name]), ratio(at[name], at[order[0]])
        rows.append(
            {
                "updates": updates,
                "rank": rank,
                "network": name,
                "test MSE": finite(error.mean),
                "MSE from": finite(error.low),
                "MSE to": finite(error.high),
                "over the first": finite(behind.mean),
                "ratio from": finite(behind.low),
                "ratio to": finite(behind.high),
            }
        )
    return rows


def _panels(scores: Scores, budgets: Sequence[int], rows: tuple[Row, ...]) -> tuple[Panel, Panel]:
    x_label = "updates (each budget a fit of its own)"
    means = {name: [interval(one).mean for one in found] for name, found in scores.items()}
    last = _first(rows, budgets[-1])["network"]
    against = [
        curve(f"{name} over {last}", budgets, [ratio(*pair).mean for pair in zip(found, scores[last], strict=True)])
        for name, found in scores.items()
        if name != last
    ]
    same: Any = curve("the same error", (budgets[0], budgets[-1]), (1.0, 1.0), "reference")
    return (
        Panel(
            title="error against budget", x_label=x_label, y_label="test MSE (standardised)", log_x=True, log_y=True,
            curves=tuple(curve(name, budgets, values) for name, values in means.items()),
        ),
        Panel(
            title="ratio to the network that leads in the end", x_label=x_label, y_label="ratio of test MSE",
            log_x=True, log_y=True, curves=(same, *against),
        ),
    )  # fmt: skip


def _first(rows: Sequence[Row], updates: int) -> Row:
    return next(row for row in rows if row["updates"] == updates)


def _sentence(rows: tuple[Row, ...], seeds: int) -> str:
    short, long = rows[0]["updates"], rows[-1]["updates"]
    early, late = _first(rows, short), _first(rows, long)
    fallen = next(row for row in rows if row["updates"] == long and row["network"] == early["network"])
    beaten = next(row for row in rows if row["updates"] == short and row["network"] == late["network"])
    same = early["network"] == late["network"]
    return (
        "A ranking after few updates shows which network learns fast, and not which one learns well. Three networks of "
        f"about 2,600 parameters forecast Mackey-Glass one step ahead, with {seeds} seeds each, all at a learning rate "
        f"of {RATE:g}. After {short:,} updates, {early['network']} leads with a test MSE of {early['test MSE']:.2g}"
        f"{'' if same else _over(beaten)}. After {long:,} updates, {late['network']} leads with {late['test MSE']:.2g}"
        f"{', so the leader is the same' if same else _over(fallen)}. Run a series of growing budgets, show the error "
        "against the budget, and rank only where the last budgets agree."
    )


def _over(row: Row) -> str:
    if row["ratio from"] is None:
        return f", and {row['network']} has {row['over the first']:.3g} times that error"
    return (
        f", and {row['network']} has {row['over the first']:.3g} times that error "
        f"(95 % interval {row['ratio from']:.3g} to {row['ratio to']:.3g})"
    )
