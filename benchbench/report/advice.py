"""Advice in five lines: which competitor to use, at what cost, how sure that is, the baselines, and the next step."""

from collections.abc import Iterable
from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple

import pandas as pd

from benchbench.core.record import Record
from benchbench.report.analysis.order import baselines, listed, order
from benchbench.report.analysis.study import gather
from benchbench.report.analysis.trials import rows as rows_of
from benchbench.report.analysis.verdicts import MARKED, PLACE, SAME, WORSE, against
from benchbench.report.frame import read
from benchbench.report.page.texts import decimals, number
from benchbench.statistics.verdicts import BETTER, OPEN, TIE

_AHEAD, _BEHIND = "ahead", "behind"  # if neither of two changes with the seed, so that there is no interval
_SAID = {
    BETTER: "better than", TIE: "tie with", OPEN: "open against", WORSE: "worse than",
    _AHEAD: "without an interval (all seeds give the same difference) ahead of",
    _BEHIND: "without an interval (all seeds give the same difference) behind",
    MARKED: "not compared, since one is marked, with",
}  # fmt: skip


class Advice(NamedTuple):
    """The five lines; ``settled`` says that no pair of the recommended competitor is open."""

    take: str
    cost: str
    sure: str
    baselines: str
    next: str
    settled: bool

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines, each with its title."""
        titles = ("Take", "Cost", "Sure", "Baselines", "Next")
        return tuple(f"{title + ':':<11}{text}" for title, text in zip(titles, self[:5], strict=True))


def advice(study: str, results: str | Path, file: str) -> Advice:
    """The advice from the records of a study of one task, whose TOML file is ``file``.

    It recommends the competitor with the best median at any length or, if a baseline ties with it, that baseline, since
    a baseline is simpler. InputError if there is no record.
    """
    frame, records = read(study, results)
    numbers = gather(study, frame, records, Path(results))
    answers = numbers.answers[numbers.answers["take"] != ""]
    more = "" if str(results) == "results" else f" --results {quote(str(results))}"
    again = f"benchbench run {quote(file)}{more}"
    if answers.empty:
        nothing = "no competitor finished on most seeds"
        reason = next((record.message for record in records if record.message), "")
        return Advice("nothing: " + nothing, "–", nothing, "–", f"{again}  (after a change: {reason})", settled=True)
    best = min(rows_of(answers), key=lambda row: row["score"] if row["better"] == "lower" else -row["score"])
    place = {column: best[column] for column in PLACE}
    cells, pairs = _here(numbers.cells, place), _here(numbers.pairs, place)
    take = _simplest(str(best["take"]), cells, pairs, baselines(numbers.selection.frame))
    row = next(row for row in rows_of(cells) if row["architecture"] == take)
    mine = against(pairs, take)
    words = {str(one["other"]): _word(one) for one in rows_of(mine)}
    said = {name: words[name] for name in order(words, baselines(numbers.selection.frame))}
    settled = OPEN not in said.values()
    resolve = f"{again} --resolve 0.1 && benchbench report {study}{more}"
    return Advice(
        take=_take(row, records),
        cost=_cost(row),
        sure=f"{_by_verdict(said)} ({_seeds(best['pairs'])})" if said else "nothing to compare with",
        baselines=_against_baselines(take, cells, said),
        next=f"{again}  (after editing it)" if settled else f"{resolve}  (adds seeds where a pair is open)",
        settled=settled,
    )


def _seeds(count: float) -> str:
    return "1 seed, which leaves every difference open" if count == 1 else f"{count:.0f} seeds"


def _word(pair: dict[str, Any]) -> str:
    """The verdict on a pair or, if every seed gives the same difference, which one is ahead."""
    if pair["verdict"] != SAME:
        return str(pair["word"])
    return _AHEAD if pair["wins"] > pair["losses"] else _BEHIND


def _here(frame: pd.DataFrame, place: dict[str, Any]) -> pd.DataFrame:
    for column, value in place.items():
        frame = frame[frame[column] == value]
    return frame


def _simplest(best: str, cells: pd.DataFrame, pairs: pd.DataFrame, known: frozenset[str]) -> str:
    """The best competitor, or the best of the baselines that tie with it."""
    if best in known:
        return best
    mine = against(pairs, best)
    ties = set(mine.loc[mine["word"] == TIE, "other"]) & known
    tied = cells[cells["architecture"].isin(ties)].sort_values("score", kind="stable")
    return str(tied["architecture"].iloc[0]) if len(tied) else best


def _take(row: dict[str, Any], records: Iterable[Record]) -> str:
    """The competitor, its window length, and its error in units of the signal."""
    kind = " (a baseline)" if row["baseline"] else ""
    horizon = next((one.trial.task_options.get("horizon", 1) for one in records), 1)
    units = {record.trial.length: record.data.get("std", [None])[0] for record in records}
    scale = units.get(row["length"])
    error = f"error {number(row['rmse'] * scale)} in units of the signal (RMSE), " if scale else ""
    steps = f"{horizon} step{'s' * (horizon > 1)} ahead"
    return f"{row['architecture']}{kind} with windows of {row['length']}: {error}R² {decimals(row['r2'])}, {steps}"


def _cost(row: dict[str, Any]) -> str:
    parameters = row["trained_parameters"] + row["fixed_parameters"]
    disturbed = ", times disturbed by other programs" if row["disturbed"] else ""
    return (
        f"fit {number(row['fit_seconds'])} s, {number(row['predict_us'])} µs a prediction, "
        f"{number(row['peak_mib'])} MiB, {number(parameters)} parameters{disturbed}"
    )


def _by_verdict(said: dict[str, str]) -> str:
    clauses = [
        f"{words} {listed([name for name in said if said[name] == one], most=9)}"
        for one, words in _SAID.items()
        if one in said.values()
    ]
    return "; ".join(clauses)


def _against_baselines(take: str, cells: pd.DataFrame, said: dict[str, str]) -> str:
    """The verdict against each baseline, with the baseline's R²."""
    mine = cells[cells["baseline"] & (cells["architecture"] != take)]
    found = [
        f"{_SAID[said[row['architecture']]]} {row['architecture']} (R² {decimals(row['r2'])})"
        for row in rows_of(mine)
        if row["architecture"] in said
    ]
    first = [f"{take} is one itself, and no network is shown to be better"] if take in _names(cells) else []
    return "; ".join([*first, *found]) or "there is none"


def _names(cells: pd.DataFrame) -> set[str]:
    return set(cells.loc[cells["baseline"], "architecture"])
