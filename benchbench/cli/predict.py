"""``benchbench predict``: applies a kept learner to a file, and writes its predictions as a CSV file and a figure."""

import csv
import io
from pathlib import Path

import numpy as np

from benchbench.cli.console import err, say
from benchbench.core import artifacts
from benchbench.core.errors import InputError
from benchbench.core.keys import Found, find
from benchbench.core.text import printable
from benchbench.report.figures.file import rendered, require_kind
from benchbench.report.figures.predicted import Points, predicted_figure
from benchbench.report.frame import study_name
from benchbench.run.prediction import Predicted, predict_file


def predict(
    key: str,
    file: str,
    *,
    steps: int | None,
    out: str | None,
    figure: str | None,
    study: str | None,
    results: str,
    machine: str | None,
    plugins: list[str],
) -> None:
    """Write the CSV file and the figure, both or neither, and print their paths."""
    found = find(Path(results), key, None if study is None else study_name(study), machine)
    table = Path(f"{Path(file).name.partition('.')[0]}-{found.record.trial.key}.csv" if out is None else out)
    picture = require_kind(table.with_suffix(".png") if figure is None else Path(figure), "--figure")
    if not table.resolve().parent.is_dir():
        raise InputError(f"--out {table}: there is no folder {table.parent}; make it first, or name another")
    for place in (table, picture):
        if place.resolve() == Path(file).resolve():
            raise InputError(f"{place} is the signal itself; name another file with --out or --figure")
    with err.status("applying the learner"):
        made = predict_file(found, Path(results), file, steps=steps, plugins=plugins)
        contents = ((table, _csv(made)), (picture, _drawn(found, file, made, picture)))
    for place, content in contents:
        artifacts.write(place, content)
    say(_summary(made))
    say(str(table))
    say(str(picture))


def _csv(made: Predicted) -> bytes:
    """One row for each predicted sample: its number from 0, its time in s, and the predicted and true values."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    head = ["sample", *(["seconds"] if made.rate else [])]
    head += [f"{name}_{kind}" for name in made.names for kind in _kinds(made)]
    writer.writerow(map(printable, head))
    for sample, predicted, true in zip(made.samples, made.made, made.true, strict=True):
        row = [str(sample), *([f"{sample / made.rate:.9g}"] if made.rate else [])]
        for one, other in zip(predicted, true, strict=True):
            row += [f"{one:.9g}", *(["" if np.isnan(other) else f"{other:.9g}"] if made.steps is None else [])]
        writer.writerow(row)
    return stream.getvalue().encode()


def _kinds(made: Predicted) -> tuple[str, ...]:
    return ("predicted", "true") if made.steps is None else ("predicted",)


def _drawn(found: Found, file: str, made: Predicted, place: Path) -> bytes:
    trial = found.record.trial
    how = f"{made.steps:,} steps in closed loop" if made.steps else f"{found.record.data['horizon']} steps ahead"
    figure = predicted_figure(
        f"{Path(file).name}: {trial.competitor or trial.architecture}, {how}",
        made.names,
        Points(np.arange(len(made.past), dtype=np.float64) + made.first, made.past),
        Points(made.samples.astype(np.float64), made.made),
        rate=made.rate,
        closed=made.steps is not None,
    )
    return rendered(figure, place)


def _summary(made: Predicted) -> str:
    if made.steps is not None:
        return f"{made.steps:,} steps generated after sample {made.samples[0] - 1:,}."
    known = ~np.isnan(made.true).any(axis=1)
    error = np.sqrt(np.square(made.made - made.true)[known].mean(axis=0)) if known.any() else []
    said = ", ".join(f"{value:.4g} ({name})" for name, value in zip(made.names, error, strict=False))
    beyond = len(made.samples) - int(known.sum())
    first = f"{len(made.samples):,} predictions, {beyond:,} of them for samples that the file does not have."
    return f"{first} RMSE of the others: {said}." if said else first
