"""``benchbench calibrate``: what each instrument reads where the truth is known."""

import typer
from rich.text import Text

from benchbench.calibration import calibrate as instruments
from benchbench.calibration.calibrate import Reading
from benchbench.cli.console import err, out, say
from benchbench.cli.grid import Cell, show


def calibrate() -> None:
    """Print every reading beside the truth; exit code 1 where an instrument is off."""
    with err.status("calibrating") as status:
        readings = instruments.calibrate(on_start=lambda name: status.update(f"calibrating: {name}"))
    rows = [[reading.instrument, *_compared(reading)] for reading in readings]
    show(out, ["instrument", "true", "read", "off by", "verdict"], rows)
    if not all(reading.ok for reading in readings):
        say("an instrument is off: do not trust its column on this machine", err)
        raise typer.Exit(1)


def _compared(reading: Reading) -> tuple[Cell, ...]:
    """The truth, the reading, the difference and the verdict; nothing where there is no truth."""
    read = f"{reading.read:.4g} {reading.unit}".strip()
    if reading.true is None:
        return "", read, "", ""
    true, off = f"{reading.true:.4g} {reading.unit}".strip(), f"{reading.read - reading.true:+.3g} {reading.unit}"
    return true, read, off.strip(), Text("ok", style="green") if reading.ok else Text("OFF", style="red")
