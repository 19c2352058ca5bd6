"""Check the verdicts on simulated studies whose truth is known: false differences between twins, and missed ones.

A simulated study has two equal competitors and a third that is worse by a known ratio, or seven equal competitors. Each
seed has a difficulty, which all competitors share, and each competitor has noise of its own.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import combinations
from math import log, sqrt
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from benchbench.report.analysis.comparable import CELL
from benchbench.report.analysis.order import networks
from benchbench.report.folder import whole
from benchbench.report.page.blocks import Heading, Page, Text, line, table
from benchbench.report.render.markdown import render
from benchbench.statistics.intervals import ALPHA, RESAMPLES, Share, Values, share
from benchbench.statistics.pairs import Pair, compare_pairs, differences
from benchbench.statistics.seeds import LOOKS, POWER, resolve, seeds_needed
from benchbench.statistics.verdicts import BETTER

STUDIES = 2_000
NOISE = 0.30  # the noise of the records of the study main, see ``noise``
EFFECT, CLEAR = 1.2, 4.0  # times as bad as the twins: a difference to find, and one that cannot be missed
SEEDS, PILOT, MOST_SEEDS = (5, 10, 30), 5, 1_000
MANY, MANY_SEEDS = 7, 10
COVERED = (0.93, 0.97)
FILE = Path("calibration") / "verdicts.json"
_DIFFICULTY = 0.5  # standard deviation of the logarithm of a seed's difficulty, which cancels in the pairs
_TWIN, _OTHER, _WORSE = range(3)  # rows of the scores
_PAIRS = 3

Noise = Literal["normal", "heavy-tailed"]
NOISES: tuple[Noise, ...] = ("normal", "heavy-tailed")
_PROMISES = 20  # about as many promises as one calibration checks


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How often something happened in the simulated studies; the promised share is ``least`` to ``most``."""

    what: str
    noise: Noise
    seeds: str
    count: int
    of: int
    least: float
    most: float

    @property
    def share(self) -> Share:
        """The share with its exact 95 % interval."""
        return share(self.count, self.of)

    @property
    def ok(self) -> bool:
        """Whether the share agrees with the promise, with an interval that allows for the number of promises."""
        found = share(self.count, self.of, ALPHA / _PROMISES)
        return found.low <= self.most and found.high >= self.least


def noise(frame: pd.DataFrame) -> float:
    """The noise of a study's records, from the frame of a Selection.

    It is the median, over all pairs of networks on one task, length and budget, of the standard deviation over seeds of
    the logarithm of the ratio of their scores.
    """
    nets = frame[frame["ok"] & frame["architecture"].isin(networks(frame))]
    found = []
    for _, part in nets.groupby([column for column in CELL if column != "architecture"]):
        table = part.pivot_table(index="seed", columns="architecture", values="test_score")
        pairs = combinations(table.to_numpy(float).T, 2)
        found += [gaps.std(ddof=1) for one, other in pairs if len(gaps := differences(one, other)) > 1]
    return float(np.median(found))


def simulated(
    studies: int = STUDIES,
    *,
    seed: int = 0,
    deviation: float = NOISE,
    resamples: int = RESAMPLES,
    on_start: Callable[[str], None] = lambda _: None,
) -> list[Outcome]:
    """Simulate studies of each kind and count the verdicts.

    ``deviation`` is the standard deviation of the paired differences of logarithms.
    """
    found: list[Outcome] = []
    fixed = [partial(_fixed, seeds=n) for n in SEEDS]
    kinds: list[Callable[..., Iterator[Outcome]]] = [*fixed, _looked, _estimated, _many]
    for i, kind in enumerate(NOISES):
        for j, take in enumerate(kinds):
            on_start(f"{kind} noise, part {j + 1} of {len(kinds)}")
            rng = np.random.default_rng([seed, i, j])
            draw = partial(_scores, rng, kind, deviation)
            found += take(draw, rng, kind, studies, resamples)
    return found


def _scores(
    rng: np.random.Generator, kind: Noise, deviation: float, worse: float, *, seeds: int, competitors: int = 3
) -> Values:
    """The scores (competitor, seed) of a simulated study; the last competitor is ``worse`` times as bad as others."""
    shape = (competitors, seeds)
    each = rng.standard_t(3, shape) / sqrt(3) if kind == "heavy-tailed" else rng.standard_normal(shape)
    level = np.zeros((competitors, 1))
    level[-1] = log(worse)
    found: Values = np.exp(level + _DIFFICULTY * rng.standard_normal(seeds) + deviation / sqrt(2) * each)
    return found


Draw = Callable[..., Values]
"""A function (worse, seeds=, competitors=) that draws the scores (competitor, seed) of a study."""


def _fixed(
    draw: Draw, rng: np.random.Generator, kind: Noise, studies: int, resamples: int, *, seeds: int
) -> Iterator[Outcome]:
    """Studies with a fixed number of seeds: how often twins are called different, and intervals hold the truth."""
    tables = [compare_pairs(draw(CLEAR, seeds=seeds), rng, resamples=resamples) for _ in range(studies)]
    told = sum(_pair(table, _TWIN, _OTHER).verdict == BETTER for table in tables)
    yield Outcome(what="twins called better", noise=kind, seeds=str(seeds), count=told, of=studies, least=0, most=ALPHA)
    effects = [_pair(table, _TWIN, _WORSE).effect for table in tables]
    held = sum(effect.low <= 1 / CLEAR <= effect.high for effect in effects)
    low, high = COVERED
    what = "interval holds the true ratio"
    yield Outcome(what=what, noise=kind, seeds=str(seeds), count=held, of=studies, least=low, most=high)


def _looked(draw: Draw, rng: np.random.Generator, kind: Noise, studies: int, resamples: int) -> Iterator[Outcome]:
    """Studies with repeated looks at a growing number of seeds."""
    looks = (resolve(draw(CLEAR, seeds=LOOKS[-1]), rng, resamples=resamples) for _ in range(studies))
    told = sum(_pair(look.pairs, _TWIN, _OTHER).verdict == BETTER for look in looks)
    said = f"looks at {', '.join(map(str, LOOKS))}"
    yield Outcome(what="twins called better", noise=kind, seeds=said, count=told, of=studies, least=0, most=ALPHA)


def _estimated(draw: Draw, rng: np.random.Generator, kind: Noise, studies: int, resamples: int) -> Iterator[Outcome]:
    """Studies that start with few seeds and then get as many as these few indicate are needed."""
    found, seeds = 0, []
    for _ in range(studies):
        pilot = draw(EFFECT, seeds=PILOT)
        spread = float(differences(pilot[_TWIN], pilot[_WORSE]).std(ddof=1))
        wanted = seeds_needed(spread, log(EFFECT), pilot=PILOT, alpha=ALPHA / _PAIRS)
        seeds.append(min(max(PILOT, wanted), MOST_SEEDS))
        scores = np.hstack([pilot, draw(EFFECT, seeds=seeds[-1] - PILOT)])
        found += _pair(compare_pairs(scores, rng, resamples=resamples), _TWIN, _WORSE).winner == _TWIN
    low, middle, high = (round(float(value)) for value in np.quantile(seeds, (0.1, 0.5, 0.9)))
    said = f"as estimated from {PILOT}: {middle} ({low} to {high})"
    what = f"difference of {EFFECT - 1:.0%} found"
    yield Outcome(what=what, noise=kind, seeds=said, count=found, of=studies, least=POWER, most=1)


def _many(draw: Draw, rng: np.random.Generator, kind: Noise, studies: int, resamples: int) -> Iterator[Outcome]:
    """Studies of seven equal competitors, with Holm's procedure over their 21 pairs."""
    told = 0
    for _ in range(studies):
        twins = draw(1.0, seeds=MANY_SEEDS, competitors=MANY)
        told += any(pair.verdict == BETTER for pair in compare_pairs(twins, rng, resamples=resamples))
    what = f"any of {MANY} twins called better"
    yield Outcome(what=what, noise=kind, seeds=str(MANY_SEEDS), count=told, of=studies, least=0, most=ALPHA)


def _pair(pairs: list[Pair], first: int, second: int) -> Pair:
    return next(pair for pair in pairs if (pair.first, pair.second) == (first, second))


COLUMNS = ["what", "noise", "seeds", "promised", "share", "95 % interval", "kept"]


def row(outcome: Outcome) -> list[str]:
    """The texts of an outcome, in the order of ``COLUMNS``."""
    found = outcome.share
    promised = f"{outcome.least:.0%} to {outcome.most:.0%}"
    ends = f"{found.low:.1%} to {found.high:.1%}"
    kept = "yes" if outcome.ok else "NO"
    return [outcome.what, outcome.noise, outcome.seeds, promised, f"{found.value:.1%}", ends, kept]


def write(outcomes: list[Outcome], results: str | Path, *, deviation: float = NOISE, seed: int = 0) -> Path:
    """Write the outcomes as JSON, and a page with them, into the folder of results; return the path of the page."""
    found = [
        {**asdict(one), "share": one.share.value, "low": one.share.low, "high": one.share.high, "ok": one.ok}
        for one in outcomes
    ]
    file = Path(results) / FILE
    text = json.dumps({"deviation": deviation, "seed": seed, "outcomes": found}, indent=1)
    most = max(one.of for one in outcomes)
    said = f"{most:,} simulated studies of each kind; the deviation of the paired log ratios is {deviation:g}."
    shown = table(COLUMNS, [row(one) for one in outcomes], left=3)
    page = file.with_suffix(".md")
    blocks = (Heading(1, line("Verdicts on simulated studies")), Text(line(said)), shown)
    with whole(file.parent) as fresh:
        fresh.mkdir()
        (fresh / file.name).write_text(f"{text}\n", encoding="utf-8")
        (fresh / page.name).write_text(render(Page(page.stem, blocks)), encoding="utf-8")
    return page
