"""An electrocardiogram with gaps and outliers, cleaned and forecast. Moody & Mark 2001, doi:10.13026/C2F305."""

from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from benchbench.core.options import Count, Fraction, NonNegativeFloat, Positive, PositiveFloat
from benchbench.core.problem import Problem
from benchbench.core.registry import task
from benchbench.core.windows import chronological, forecast
from benchbench.signals.clean import ClipAt, FrequencyWindow, MedianSamples, Piece, Preparation, Step, filled, prepared
from benchbench.signals.corruption import corrupted
from benchbench.signals.heartbeats import Source

PRELOAD = ("wfdb",)
Hertz = Annotated[float, Field(ge=20, le=10_000)]
_SHOWN = 8.0  # seconds of the test part that are shown before and after cleaning
_LONGEST = 0.1  # longest gap, in seconds


@task("ecg_pipeline", version=1)
def ecg_pipeline(
    rng: np.random.Generator,
    length: int,
    *,
    path: str = "",
    database: str = "mitdb",
    record: str = "100",
    lead: Count | str | None = None,
    rate: Hertz = 120.0,
    duration: NonNegativeFloat = 45.0,
    gaps: Fraction = 0.02,
    outliers: Fraction = 0.01,
    horizon: Positive = 10,
    stride: Positive = 1,
    clean: tuple[Step, ...] = ("interpolate", "clip", "lowpass"),
    clip_at: ClipAt = 20.0,
    median_samples: MedianSamples = 3,
    cutoff_hz: PositiveFloat = 40.0,
    embedding: Positive = 1,
    delay: Positive = 1,
    frequencies: Count = 0,
    frequency_window: FrequencyWindow = 256,
) -> Problem:
    """Forecast an ECG with gaps and outliers ``horizon`` samples ahead, after cleaning it.

    The signal is ``duration`` seconds of a ``record`` from its start (0: all of it) at ``rate`` Hz; the ``database``
    "synthetic" simulates a patient. A share ``gaps`` of the samples is missing, in gaps of up to 0.1 s; a share
    ``outliers`` is off by 2 to 5 mV. The splits are 70/15/15 by time, with gaps. ``clean`` and later options are as in
    Preparation, fitted on train alone; "interpolate" fills gaps. InputError for missing, incomplete or short records.
    """
    how = Preparation(
        clean=clean, longest_gap=max(1, round(_LONGEST * rate)), clip_at=clip_at, median_samples=median_samples,
        cutoff=cutoff_hz / rate, embedding=embedding, delay=delay, frequencies=frequencies,
        frequency_window=frequency_window,
    )  # fmt: skip
    source = Source(database, path, lead, rate, duration, None, None)
    patient = source.patients(rng, (record,))[record]
    raw = corrupted(rng, patient.signal, gaps=gaps, outliers=outliers, longest=how.longest_gap)
    whole = filled(raw[:, None], how, f"record {record!r}") if how.fills else Piece(raw[:, None], np.isfinite(raw))
    places = chronological(len(raw), length, horizon)
    made, cleaned = prepared([[whole.part(place)] for place in places], how)
    return forecast(
        *([piece.values for piece in part] for part in made), length=length, horizon=horizon, stride=stride,
        outputs=slice(1), measured=[[piece.measured for piece in part] for part in made],
        shown=_Test(raw[places[2]], made[2][0], places[2].start, how.lost, rate).shown(length, horizon, stride),
        provenance={
            "source": source.words, "record": record, "lead": patient.lead, "rate_hz": rate, "unit": "mV",
            "gaps": int(np.isnan(raw).sum()), **cleaned,
        },
    )  # fmt: skip


class _Test(NamedTuple):
    """The test part before (``raw``) and after cleaning (``clean``).

    ``start`` is the sample at which the part begins, ``lost`` how many of its first samples cleaning removes, and
    ``rate`` is in Hz.
    """

    raw: NDArray[np.float64]
    clean: Piece
    start: int
    lost: int
    rate: float

    def shown(self, length: int, horizon: int, stride: int) -> dict[str, NDArray[np.float64]]:
        """The arrays to show: seconds and mV (time, 2) of both signals, and the seconds of all targets (sequence,)."""
        clean, measured = self.clean.values[:, 0], self.clean.measured
        count = min(len(clean), round(_SHOWN * self.rate))
        seconds = (self.start + self.lost + np.arange(len(clean))) / self.rate
        ends = np.arange(length - 1, len(clean) - horizon, stride)
        targets = ends[measured[ends] & measured[ends + horizon]] + horizon
        return {
            "raw": np.stack([seconds, self.raw[self.lost :]], axis=1)[:count],
            "clean": np.stack([seconds, clean], axis=1)[:count],
            "test_seconds": seconds[targets],
        }
