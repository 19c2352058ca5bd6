"""Everything that the page, the tables and the figures show."""

from dataclasses import dataclass

import pandas as pd

from benchbench.core.record import Record
from benchbench.report.closed_loop import ClosedLoop, closed_loop
from benchbench.report.devices import Devices, devices
from benchbench.report.select import CELL, Selection, select
from benchbench.report.summary import answers
from benchbench.report.tables import COSTS, cells, groups, verdicts


@dataclass(frozen=True, kw_only=True)
class Content:
    """A study's trials that are compared, and what follows from them: a row per cell, per verdict, per group."""

    study: str
    selection: Selection
    cells: pd.DataFrame
    verdicts: pd.DataFrame
    answers: pd.DataFrame
    groups: pd.DataFrame
    closed_loop: ClosedLoop
    devices: Devices

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables of the report by file name, with every digit."""
        failures = ["task", "task_set", "architecture", "set", "length", "seed", "budget", "device", "machine"]
        scores = ["seeds", "ok", "mse", "mse_min", "mse_max", "nrmse", "r2", "r2_min", "r2_max", "floor_mse", "failed"]
        loops, pairs = self.closed_loop.cells, self.devices.cells
        return {
            "answers": self.answers,
            "errors": self.cells[[*CELL, *scores]],
            "costs": self.cells[[*CELL, "width", "first_update_seconds", *COSTS, "disturbed"]],
            "groups": self.groups,
            "option_sets": self.selection.options,
            "failures": self.selection.failures[[*failures, "status", "message"]],
            **({} if loops.empty else {"closed_loop": loops}),
            **({} if pairs.empty else {"devices": pairs}),
        }


def gather(study: str, frame: pd.DataFrame, records: list[Record]) -> Content:
    """The content of the report, from the frame and the records of ``read``."""
    selection = select(frame)
    found, said = cells(selection.frame), verdicts(selection.frame)
    return Content(
        study=study,
        selection=selection,
        cells=found,
        verdicts=said,
        answers=answers(found, said),
        groups=groups(selection.frame, records),
        closed_loop=closed_loop(selection.frame, records),
        devices=devices(selection.frame),
    )
