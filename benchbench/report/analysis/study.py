"""All numbers that the page, the tables and the figures show."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from benchbench.core.errors import InputError
from benchbench.core.record import Record
from benchbench.report.analysis.cells import answers, cells, groups, marked, undefined
from benchbench.report.analysis.closed_loop import ClosedLoop, closed_loop
from benchbench.report.analysis.comparable import CELL
from benchbench.report.analysis.devices import Devices, devices
from benchbench.report.analysis.engines import Engines, engines
from benchbench.report.analysis.gap import gaps_closed
from benchbench.report.analysis.ladders import Ladders, climbed
from benchbench.report.analysis.laws import laws
from benchbench.report.analysis.lenses import lenses
from benchbench.report.analysis.lines import other_files
from benchbench.report.analysis.select import Selection, select
from benchbench.report.analysis.solved import solved
from benchbench.report.analysis.trials import Records
from benchbench.report.analysis.tuning import chosen, tuning
from benchbench.report.analysis.verdicts import judged, verdicts
from benchbench.report.strings import python_strings


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A study's trials that are compared, and the frames that follow from them: cells, pairs, verdicts and others.

    ``results`` is the folder with the artifacts.
    """

    study: str
    results: Path
    records: Records
    selection: Selection
    cells: pd.DataFrame
    pairs: pd.DataFrame
    verdicts: pd.DataFrame
    answers: pd.DataFrame
    groups: pd.DataFrame
    undefined: pd.DataFrame
    marked: pd.DataFrame
    closed_loop: ClosedLoop
    devices: Devices
    engines: Engines
    tuning: pd.DataFrame
    ladders: Ladders
    solved: pd.DataFrame
    lenses: pd.DataFrame
    laws: pd.DataFrame


@python_strings
def gather(study: str, frame: pd.DataFrame, records: Sequence[Record], results: Path) -> Numbers:
    """The numbers of the report, from the frame and the records of ``read``."""
    known = Records(records, zip(frame["key"], frame["machine"], strict=True))
    tried = tuning(frame, known)
    frame, earlier = chosen(frame, tried)
    if frame["tuning"].all():
        raise InputError(f"{study}: only trials of its tuning have ended; `benchbench run {study}` continues")
    selection = select(frame)
    selection = replace(selection, notes=(*earlier, *selection.notes, *other_files(known.of(selection.frame))))
    pairs, ranks = judged(selection.frame)
    gap = gaps_closed(selection.frame)
    found = cells(selection.frame).merge(ranks, on=CELL, how="left").merge(gap, on=CELL, how="left")
    said = verdicts(selection.frame, pairs)
    return Numbers(
        study=study,
        results=results,
        records=known,
        selection=selection,
        cells=found,
        pairs=pairs,
        verdicts=said,
        answers=answers(found, said),
        groups=groups(selection.frame, known),
        undefined=undefined(selection.frame, known),
        marked=marked(selection.frame, known),
        closed_loop=closed_loop(selection, known),
        devices=devices(selection.frame),
        engines=engines(selection.frame),
        tuning=tried,
        ladders=climbed(selection.frame, found, said, pairs),
        solved=solved(selection.frame, pairs),
        lenses=lenses(selection.frame, pairs),
        laws=laws(selection),
    )
