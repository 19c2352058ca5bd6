"""Tuning one side only: of two twins under two names, the one that was tuned wins."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchbench.core.pitfall import Panel, Pitfall, Row, curve, finite
from benchbench.core.seeds import integer, stream
from benchbench.pitfalls._networks import Interval, errors, interval, problem_of, ratio

NETWORK, WIDTH, UPDATES = "gru", 12, 300
RATES = (1e-4, 3e-2)  # the space of both twins: learning rates, drawn uniformly on a log scale
OURS, THEIRS = "ours", "theirs"
_LENGTH = 30


class Tries(NamedTuple):
    """The errors of all tries of a twin, (seed, try)."""

    valid: NDArray[np.float64]
    test: NDArray[np.float64]

    def tuned(self, count: int) -> NDArray[np.float64]:
        """The test errors, (seed,), of the try that is best on validation among the first ``count``."""
        best = self.valid[:, :count].argmin(axis=1)
        return np.asarray(self.test[np.arange(len(best)), best])


def show(*, seeds: int = 10, tries: int = 20, samples: int = 600, updates: int = UPDATES) -> Pitfall:
    """Tune one network under two names in the same space: ``ours`` gets 1, 2 .. ``tries`` tries, ``theirs`` one.

    In the last row both get the same number. A try is a learning rate and initial weights, drawn independently for each
    twin and seed; the try that is best on validation counts.
    """
    twins = {name: _tries(name, seeds, tries, samples, updates) for name in (OURS, THEIRS)}
    counts = [count for count in (1, 2, 5, 10) if count < tries] + [tries]
    pairs = [(count, 1) for count in counts] + ([(tries, tries)] if tries > 1 else [])
    rows = tuple(_row(twins, *pair) for pair in pairs)
    return Pitfall(
        name="one_sided_tuning",
        title="Tuning one of two twins",
        sentence=_sentence(rows, seeds, updates),
        rows=rows,
        panels=(_panel(twins, counts),),
    )


def _tries(twin: str, seeds: int, tries: int, samples: int, updates: int) -> Tries:
    found = np.empty((seeds, tries, 2))
    for seed in range(seeds):
        problem = problem_of(seed, samples, _LENGTH)
        low, high = np.log(RATES)
        rates = np.exp(stream(seed, "rates", twin).uniform(low, high, tries))
        for number, rate in enumerate(rates):
            first = integer(seed, twin, str(number))
            made = errors(problem, NETWORK, first, width=WIDTH, updates=updates, learning_rate=float(rate))
            found[seed, number] = made
    return Tries(found[:, :, 0], found[:, :, 1])


def _row(twins: dict[str, Tries], ours: int, theirs: int) -> Row:
    one, other = twins[OURS].tuned(ours), twins[THEIRS].tuned(theirs)
    gain = ratio(other, one)
    return {
        "tries of ours": ours,
        "tries of theirs": theirs,
        "MSE of ours": finite(interval(one).mean),
        "MSE of theirs": finite(interval(other).mean),
        "theirs / ours": finite(gain.mean),
        "ratio from": finite(gain.low),
        "ratio to": finite(gain.high),
        "ours is better": f"{int((one < other).sum())} of {len(one)}",
        "said": _said(gain),
    }


def _said(gain: Interval) -> str:
    """The words of a report for the interval of a ratio."""
    if gain.low > 1:
        return "ours is better"
    return "theirs is better" if gain.high < 1 else "no difference shown"


def _panel(twins: dict[str, Tries], counts: Sequence[int]) -> Panel:
    ratios = {
        "theirs has one try": [ratio(twins[THEIRS].tuned(1), twins[OURS].tuned(count)) for count in counts],
        "theirs has as many": [ratio(twins[THEIRS].tuned(count), twins[OURS].tuned(count)) for count in counts],
    }
    lines = [curve(name, counts, [one.mean for one in found]) for name, found in ratios.items()]
    same = curve("twins are twins", (counts[0], counts[-1]), (1.0, 1.0), "reference")
    label = "test MSE of theirs / of ours"
    return Panel(
        title="the win that tuning fakes", x_label="tries of ours", y_label=label, log_x=True, log_y=True,
        curves=(same, *lines),
    )  # fmt: skip


def _sentence(rows: tuple[Row, ...], seeds: int, updates: int) -> str:
    first, fair = rows[0], rows[-1]
    unfair = next(row for row in reversed(rows) if row["tries of theirs"] == 1)
    return (
        "Authors tune their own method but run the baselines with their defaults, and the table of results does not "
        f'say so. Here the two competitors are one network under two names, "ours" and "theirs": a {NETWORK} of '
        f"{WIDTH} units with {updates:,} updates, the same space of learning rates ({RATES[0]:g} to {RATES[1]:g}) and "
        f'{seeds} seeds. With one try each, "theirs" has {_times(first)} the test error of "ours". With '
        f'{unfair["tries of ours"]} tries for "ours", the best of which is chosen on validation, "theirs" has '
        f"{_times(unfair)} its error: {unfair['said']}. With {fair['tries of theirs']} tries for both, it has "
        f"{_times(fair)} its error: {fair['said']}. Give every competitor the same number of tries over its own space, "
        "and state that number."
    )


def _times(row: Row) -> str:
    if row["ratio from"] is None:
        return f"{row['theirs / ours']:.3g} times"
    return f"{row['theirs / ours']:.3g} times (95 % interval {row['ratio from']:.3g} to {row['ratio to']:.3g})"
