"""The report of a study: one page, its figures and its tables, written whole or not at all."""

import re
from os import PathLike
from pathlib import Path

from matplotlib.figure import Figure

from benchbench.core.record import Record
from benchbench.report.content import Content, gather
from benchbench.report.figures import cost_by_length, error_by_length, error_by_time, learning_curves, times_by_batch
from benchbench.report.folder import whole
from benchbench.report.frame import read, study_name
from benchbench.report.generated import generated, return_map, survival
from benchbench.report.page import page
from benchbench.report.panels import save, settings, styles
from benchbench.report.select import order, parts
from benchbench.report.stretches import stretches


def write_report(study: str | PathLike[str], results: str | PathLike[str] = "results") -> Path:
    """Write report.md, figures/ and tables/ into ``results/report/<study>/``; returns the path of report.md.

    From the records alone: the same records give the same bytes, in any order and any place. An earlier report is
    replaced when the new one is complete. InputError where there is no record.
    """
    frame, records = read(study, results)
    target = Path(results) / "report" / study_name(study)
    with whole(target) as fresh:
        _write(fresh, gather(target.name, frame, records), records)
    return target / "report.md"


def _write(folder: Path, content: Content, records: list[Record]) -> None:
    (folder / "figures").mkdir(parents=True)
    (folder / "tables").mkdir()
    names = _draw(folder / "figures", content, records)
    for name, table in content.tables().items():
        table.to_csv(folder / "tables" / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
    (folder / "report.md").write_bytes(page(content, names).encode())


def _draw(folder: Path, content: Content, records: list[Record]) -> dict[tuple[str, ...], str]:
    """Save every figure that there is something for; the names of the files by kind, condition and task."""
    names: dict[tuple[str, ...], str] = {}

    def keep(figure: Figure | None, *place: str) -> None:
        if figure is not None:
            names[place] = _free("-".join(place), set(names.values()))
            save(figure, folder / names[place])

    looks = styles(order(content.cells["architecture"]))
    with settings():
        for condition, frame in parts(content.selection.frame, "condition"):
            cells = content.cells[content.cells["condition"] == condition]
            memory = "device_peak_mib" if cells["device_peak_mib"].notna().any() else "peak_mib"
            keep(error_by_length(cells, looks), "error_by_length", condition)
            keep(error_by_time(cells, looks), "error_by_time", condition)
            keep(cost_by_length(cells, looks, "fit_seconds", "fit (s)"), "time_by_length", condition)
            keep(cost_by_length(cells, looks, memory, "peak memory (MiB)"), "memory_by_length", condition)
            keep(learning_curves(frame, looks, records), "learning_curves", condition)
            for variant, part in parts(frame, "variant"):
                keep(stretches(part, looks, records), "stretches", condition, variant)
        for condition, frame in parts(content.closed_loop.trials, "condition"):
            for variant, part in parts(frame, "variant"):
                for draw in (survival, generated, return_map):
                    keep(draw(part, looks, records), draw.__name__, condition, variant)
        for comparison, pairs in parts(content.devices.cells, "comparison"):
            for variant, part in parts(pairs, "variant"):
                keep(times_by_batch(part, looks), "devices", comparison, variant)
    return names


def _free(text: str, taken: set[str]) -> str:
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-")[:100]
    number = 1
    while (name := stem if number == 1 else f"{stem}-{number}") in taken:
        number += 1
    return name
