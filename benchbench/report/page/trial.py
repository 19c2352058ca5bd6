"""The page of one trial: its settings, outcome, costs, data and environment, and the command that repeats it."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from benchbench.core.errors import short
from benchbench.core.keys import Found
from benchbench.core.marks import marks
from benchbench.core.objective import LOSS
from benchbench.core.record import Record
from benchbench.report.page.blocks import Block, Bullets, Heading, Note, Page, Text, code, line, table
from benchbench.report.page.texts import metric, number

STANDARDISED = "standard deviations of the training part"
UNITS = {
    "mse": f"({STANDARDISED})²",
    "rmse": STANDARDISED,
    "nrmse": "standard deviations of the targets",
    "r2": "1 is perfect",
    "accuracy": "share, 0 to 1",
    "balanced_accuracy": "share, 0 to 1",
    "f1_macro": "0 to 1",
    "precision": "share, 0 to 1",
    "recall": "share, 0 to 1",
    "auroc": "0 to 1",
    "log_loss": "nats",
}
_LOSSES = {"squared_error": UNITS["mse"], "cross_entropy": UNITS["log_loss"]}
_POINTS = 20  # points of a curve that are shown
_LISTED = 8  # entries of a list that are shown
_COSTS = {
    "width": ("width", "units"),
    "trained_parameters": ("trained parameters", ""),
    "fixed_parameters": ("fixed parameters", ""),
    "updates": ("updates", ""),
    "fit_seconds": ("fit", "s"),
    "first_update_seconds": ("first update", "s"),
    "paused_seconds": ("pauses off the clock, for validation", "s"),
    "compile_seconds": ("compiling in the trial", "s"),
    "kernel_seconds": ("compiling the kernel, once on the machine", "s"),
    "peak_bytes": ("memory that the fit added", "MiB"),
    "device_peak_bytes": ("memory on the device", "MiB"),
    "other_cpu_share": ("share of the cores that other processes used", ""),
}


def trial_page(found: Found, results: Path, drawn: str, kept: str) -> Page:
    """The page of a trial; ``drawn`` says what its figure shows, ``kept`` where its learner is.

    ``results`` is the folder of its records, for the command that repeats it.
    """
    record = found.record
    blocks: list[Block] = [
        Heading(1, line(record.trial.label)),
        *_outcome(found),
        *_section("Settings", _settings(record), ["setting", "value"]),
        *_scores(record),
        *_free_run(record),
        *_section("Cost", _cost(record), ["what", "value", "unit"]),
        *_section("Phases, measured from outside the process", _phases(record), ["phase", "s", "CPU s"]),
        *_curve(record),
        *_section("Data", _facts(record.data), ["fact", "value"]),
        *_section("Environment", _facts(record.environment.model_dump(exclude_none=True)), ["fact", "value"]),
        *_section("Files", _facts(record.files), ["role", "SHA-256"]),
        Heading(2, line("Predictions")),
        Text(line(drawn)),
        *_learner(kept),
        Heading(2, line("Run it again")),
        *_again(record, results),
    ]
    return Page(record.trial.key, tuple(blocks))


def _section(title: str, rows: list[list[str]], headers: list[str]) -> Iterator[Block]:
    """A heading and a table; nothing if there are no rows."""
    if rows:
        yield Heading(2, line(title))
        yield table(headers, rows, left=len(headers) if len(headers) == 2 else 1)


def _learner(kept: str) -> Iterator[Block]:
    if kept:
        yield Heading(2, line("Learner"))
        yield Text(line(kept))


def _outcome(found: Found) -> Iterator[Block]:
    record, place = found.record, found.line
    said = f": {' '.join(record.message.split())}" if record.message else ""
    where = f"line {place.number} of {place.file.name}, checksum {place.seal.value}"
    yield Text(line("Trial ", code(record.trial.key), f" ended as {record.status.value}{said}"))
    yield Text(line(f"Recorded {record.started} on {record.environment.machine or 'an unknown machine'} ({where})"))
    for other in found.others:
        machine = other.record.environment.machine or "an unknown machine"
        yield Text(line(f"Another record of it: {other.record.started} on {machine}, line {other.number}"))
    for mark in marks(record):
        yield Note(line(f"{mark.kind}: {mark.sentence}"))


def _settings(record: Record) -> list[list[str]]:
    trial = record.trial
    versions = {name: f"version {version}" for name, version in trial.versions.items()}
    limits = trial.budget.model_dump(exclude={"name"}, exclude_none=True)
    rows = {
        "study": trial.study,
        "task": _versioned(trial.task, versions.get("task")),
        "length": f"{trial.length:,} steps",
        **{f"task option {name}": _value(value) for name, value in trial.task_options.items()},
        "architecture": _versioned(trial.architecture, versions.get("architecture")),
        **({"label": trial.competitor} if trial.competitor else {}),
        **{f"option {name}": _value(value) for name, value in trial.architecture_options.items()},
        "budget": f"{trial.budget.name}: {', '.join(f'{name} {value:,}' for name, value in limits.items())}",
        "device": trial.device,
        "engine": _versioned(trial.engine, versions.get("engine")),
        "kernel": record.kernel or "unknown",
        "seed": str(trial.seed) + (", which --resolve added" if record.added else ""),
        "validation": f"at {trial.validate_at}",
        "free run": "requested" if trial.closed_loop else "not requested",
        **({"tuning": "serves to choose an option set and is not a result"} if trial.tuning else {}),
        "objective": f"{record.objective.name}, primary metric {metric(record.objective.primary)}",
    }
    return [[name, value] for name, value in rows.items()]


def _versioned(name: str, version: str | None) -> str:
    return f"{name}, {version}" if version else name


def _value(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _scores(record: Record) -> Iterator[Block]:
    scores, facts = record.scores, record.objective
    names = dict.fromkeys(name.partition("_")[2] for name in scores if name.startswith(("valid_", "test_")))
    rows = []
    for name in names:
        unit = _LOSSES[facts.loss] if name == LOSS else UNITS.get(name, "")
        better = f"{facts.better(name)} is better"
        values = [_number(scores.get(f"{split}_{name}")) for split in ("valid", "test")]
        rows.append([metric(name), *values, ", ".join(filter(None, (unit, better)))])
    if rows:
        yield Heading(2, line("Scores"))
        yield table(["metric", "validation", "test", "unit"], rows)
    if record.floor is not None:
        yield Text(line(f"The best possible test {metric(facts.primary)} is {number(record.floor)}."))
    if said := _own_units(record):
        yield Text(line(said))
    for name, why in record.undefined.items():
        yield Text(line(f"{name} is undefined: {why}"))
    if record.groups:
        columns = list(dict.fromkeys(name for group in record.groups.values() for name in group))
        parts = [[name, *(_number(group.get(c)) for c in columns)] for name, group in record.groups.items()]
        yield Heading(2, line("Parts of the test split"))
        yield table(["part", *map(metric, columns)], parts)


def _own_units(record: Record) -> str:
    """The RMSE in units of the signal, if a single standard deviation scaled it."""
    rmse, std = record.scores.get("test_rmse"), record.data.get("std")
    if rmse is None or not isinstance(std, list) or len(std) != 1 or not isinstance(std[0], float):
        return ""
    unit = record.data.get("unit")
    return f"In units of the signal the test RMSE is {number(rmse * std[0])}{f' {unit}' if unit else ''}."


def _free_run(record: Record) -> Iterator[Block]:
    run = record.free_run
    if run is None:
        return
    yield Heading(2, line("Free run"))
    if run.message:
        yield Text(line(f"It ended as {run.status.value}: {run.message}"))
    times = sorted(steps / run.unit_steps for steps in run.valid_steps)
    rows = [
        ["starts", f"{len(times):,}", f"of {run.steps:,} steps each"],
        ["valid time, median", _number(median(times)) if times else "–", f"{run.unit}s"],
        ["NRMSE at step 84", _number(run.nrmse_84), "standard deviations of the truth"],
        ["distance of spectra", _number(run.spectrum_distance), "Hellinger, 0 to 1"],
        ["diverged", _number(run.diverged), "share of the starts"],
        ["MSE", _number(run.mse), "units of the signal, squared"],
        ["took", _number(run.seconds), "s"],
    ]
    yield table(["what", "value", "unit"], rows)
    if run.sliding:
        yield Text(line("The learner has no method generate, so one window after the other was predicted."))


def _cost(record: Record) -> list[list[str]]:
    spent = record.spent.model_dump(exclude_none=True)
    rows = [[name, _amount(spent[key], unit), unit] for key, (name, unit) in _COSTS.items() if key in spent]
    if record.predict_seconds:
        rows.append(["prediction of the test split, median", _number(median(record.predict_seconds)), "s"])
    return rows


def _amount(value: float, unit: str) -> str:
    return _number(value / 2**20 if unit == "MiB" else float(value))


def _phases(record: Record) -> list[list[str]]:
    seen = record.watched
    if seen is None:
        return []
    return [[name, _number(took), _number(seen.cpu_seconds.get(name))] for name, took in seen.seconds.items()]


def _curve(record: Record) -> Iterator[Block]:
    points = record.curve
    if not points:
        return
    step = -(-len(points) // _POINTS)
    rows = [
        [f"{updates:,}", *map(_number, (seconds, valid, train))] for updates, seconds, valid, train in points[::-step]
    ]
    yield Heading(2, line(f"Learning curve: the loss in {_LOSSES[record.objective.loss]}"))
    if step > 1:
        yield Text(line(f"The table has one point in {step}, of {len(points):,}; --json has all of them."))
    yield table(["updates", "s", "validation", "training"], rows[::-1])


def _facts(facts: Mapping[str, Any]) -> list[list[str]]:
    return [[name, _fact(value)] for name, value in facts.items() if value not in ({}, [], "", None)]


def _fact(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_fact(part)}" for name, part in value.items())
    if isinstance(value, (list, tuple)):
        rest = len(value) - _LISTED
        return ", ".join(map(_fact, value[:_LISTED])) + (f" and {rest:,} more" if rest > 0 else "")
    return (
        short(value, 200).strip("'")
        if isinstance(value, str)
        else f"{value:,}"
        if isinstance(value, int)
        else str(value)
    )


def _number(value: float | None) -> str:
    return "–" if value is None else number(float(value))


def command(record: Record, results: Path) -> str:
    """The command that runs the trial again."""
    parts = ["benchbench", "repeat", record.trial.key]
    if results != Path("results"):
        parts += ["--results", str(results)]
    return shlex.join(parts) + _further(record)


def _further(record: Record) -> str:
    """Options that the reader must fill in: the study's file, if options name paths, and plug-in files."""
    study = " --study FILE.toml" if record.files.keys() - {"task", "architecture"} else ""
    own = " --plugin FILE.py" if record.files.keys() & {"task", "architecture"} else ""
    return study + own


def _again(record: Record, results: Path) -> Iterator[Block]:
    yield Text(line(code(command(record, results))))
    said = {
        "FILE.toml": "FILE.toml is the study's file: paths start from its folder, and it may name plug-ins.",
        "FILE.py": "FILE.py is the plug-in that the trial came from, unchanged since.",
    }
    if shown := tuple(line(text) for name, text in said.items() if name in _further(record)):
        yield Bullets(shown)
