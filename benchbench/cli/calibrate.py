"""``benchbench calibrate``: compares the readings of each instrument with known truths."""

import typer
from rich.text import Text

from benchbench.calibration import calibrate as instruments
from benchbench.calibration import verdicts as known_truth
from benchbench.calibration.calibrate import Reading
from benchbench.cli.console import err, out, say
from benchbench.cli.grid import Cell, show


def calibrate() -> None:
    """Print each reading next to the true value; exit code 1 if an instrument is off."""
    with err.status("calibrating") as status:
        readings = instruments.calibrate(on_start=lambda name: status.update(f"calibrating: {name}"))
    rows = [[reading.instrument, *_compared(reading)] for reading in readings]
    show(out, ["instrument", "true", "read", "off by", "verdict"], rows)
    if not all(reading.ok for reading in readings):
        say("an instrument is off: do not trust its column on this machine", err)
        raise typer.Exit(1)


def _compared(reading: Reading) -> tuple[Cell, ...]:
    """The truth, the reading, the difference and the verdict; only the reading if there is no truth."""
    read = f"{reading.read:.4g} {reading.unit}".strip()
    if reading.true is None:
        return "", read, "", ""
    true, off = f"{reading.true:.4g} {reading.unit}".strip(), f"{reading.read - reading.true:+.3g} {reading.unit}"
    return true, read, off.strip(), Text("ok", style="green") if reading.ok else Text("OFF", style="red")


def verdicts(studies: int | None, results: str | None) -> None:
    """Print how often the verdicts err in simulated studies; exit code 1 if a promise is broken."""
    studies = known_truth.STUDIES if studies is None else studies
    with err.status("simulating") as status:
        found = known_truth.simulated(studies, on_start=lambda name: status.update(f"simulating: {name}"))
    rows: list[list[Cell]] = [[*known_truth.row(one)] for one in found]
    say(f"{studies:,} studies of each kind; deviation of paired log ratios {known_truth.NOISE:g}, as in main's records")
    show(out, known_truth.COLUMNS, rows)
    if results is not None:
        say(str(known_truth.write(found, results)))
    if not all(one.ok for one in found):
        say("a promise is broken: do not trust the verdicts of a report", err)
        raise typer.Exit(1)
