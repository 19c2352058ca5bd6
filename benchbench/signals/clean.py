"""Prepares raw signals: fills gaps, clips outliers, filters noise, adds past values and key frequencies as features.

All parameters are fitted on the training part. No value depends on a later sample, except those that fill a gap, and no
window may end in a gap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from pydantic import Field
from scipy.signal import butter, find_peaks, lfilter, sosfilt, sosfilt_zi, welch

from benchbench.core.errors import InputError

Step = Literal["interpolate", "clip", "median", "lowpass"]
ClipAt = Annotated[float, Field(ge=1, le=1000)]
MedianSamples = Annotated[int, Field(ge=2, le=1001)]
Cutoff = Annotated[float, Field(gt=0, lt=0.5)]
FrequencyWindow = Annotated[int, Field(ge=8, le=4096)]

Values = NDArray[np.float64]

_ORDER = 2  # of the low-pass filter
_DEVIATION = 1.4826  # of a normal distribution, in median absolute deviations


class Piece(NamedTuple):
    """A piece of a recording: ``values`` (time, feature), and at which times (time,) all of them are ``measured``."""

    values: Values
    measured: NDArray[np.bool_]

    def part(self, part: slice) -> "Piece":
        """The piece with some of its samples."""
        return Piece(self.values[part], self.measured[part])


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """How to prepare a signal before windows are cut.

    ``clean`` names the steps in order. ``longest_gap`` is in samples; ``clip_at`` in standard deviations from the
    median, estimated by the median absolute deviation; ``median_samples`` counts samples up to the present one;
    ``cutoff`` of the low-pass filter is in cycles per sample. ``embedding`` is the number of values, ``delay`` samples
    apart and the present one first, that are features. ``frequencies`` is the number of the training part's strongest
    frequencies whose amplitudes over the last ``frequency_window`` samples are features. InputError for steps in a
    wrong order.
    """

    clean: tuple[Step, ...] = ()
    longest_gap: int = 50
    clip_at: float = 5.0
    median_samples: int = 5
    cutoff: float = 0.1
    embedding: int = 1
    delay: int = 1
    frequencies: int = 0
    frequency_window: int = 256

    def __post_init__(self) -> None:
        twice = [step for i, step in enumerate(self.clean) if step in self.clean[:i]]
        if twice:
            raise InputError(f"clean: {twice[0]} is given twice; give each step once")
        if "interpolate" in self.clean[1:]:
            raise InputError("clean: interpolate must come first: the other steps need a signal without gaps")
        if "lowpass" in self.clean and not 0 < self.cutoff < 0.5:
            raise InputError(
                f"clean: lowpass: the cutoff is {self.cutoff:.3g} times the rate; it must be below half of it"
            )

    @property
    def fills(self) -> bool:
        """Whether gaps are filled."""
        return "interpolate" in self.clean

    @property
    def more(self) -> bool:
        """Whether features are added to the signal."""
        return self.embedding > 1 or self.frequencies > 0

    @property
    def lost(self) -> int:
        """How many samples at the beginning of a piece lack the past that their features need."""
        window = self.frequency_window - 1 if self.frequencies else 0
        return max((self.embedding - 1) * self.delay, window)


def filled(values: Values, how: Preparation, name: str) -> Piece:
    """A recording (time, feature) with its gaps, which are NaN, filled by straight lines.

    InputError if a gap is longer than allowed, or at the beginning or the end, where a line would have only one end.
    """
    gaps: NDArray[np.bool_] = np.isnan(values)
    result = values.copy()
    for feature in range(values.shape[1]):
        missing = gaps[:, feature]
        edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]])))
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            rows = f"{name}: rows {start + 1} to {stop} are missing"
            if start == 0 or stop == len(values):
                raise InputError(f"{rows}, at {'the beginning' if start == 0 else 'the end'}: cut them off")
            if stop - start > how.longest_gap:
                raise InputError(
                    f"{rows}, {stop - start} in a row, more than longest_gap = {how.longest_gap}: "
                    "raise it, or cut the recording there"
                )
        places = np.arange(len(values))
        result[missing, feature] = np.interp(places[missing], places[~missing], values[~missing, feature])
    return Piece(result, np.logical_not(gaps.any(axis=1)))


def prepared(parts: Sequence[Sequence[Piece]], how: Preparation) -> tuple[list[list[Piece]], dict[str, Any]]:
    """The pieces (time, feature) of train, valid and test after all steps, and facts for the record.

    The first ``how.lost`` samples of each piece are cut off. InputError if a piece is too short for its features.
    """
    facts: dict[str, Any] = {}
    made = [list(part) for part in parts]
    if how.fills:
        facts["filled"] = [int(sum((~piece.measured).sum() for piece in part)) for part in made]
    limits = None
    for step in how.clean:
        if step == "clip":
            limits = low, high = _limits([piece.values for piece in made[0]], how.clip_at)
            facts["clipped_at"] = [low.tolist(), high.tolist()]
            facts["clipped"] = [int(sum(((p.values < low) | (p.values > high)).sum() for p in part)) for part in made]
        made = [[_after(step, piece, how, limits) for piece in part] for part in made]
    if how.more:
        found = _key_frequencies([piece.values[:, 0] for piece in made[0]], how)
        facts |= {"key_frequencies": found} if how.frequencies else {}
        made = [[_with_features(piece, found, how) for piece in part] for part in made]
    return made, {"clean": {"steps": list(how.clean), **facts}} if how.clean or facts else {}


def prepared_as(piece: Piece, how: Preparation, facts: Mapping[str, Any]) -> Piece:
    """A new piece (time, feature) after all steps, with the limits and frequencies of training from ``prepared``.

    InputError if it is too short for its features.
    """
    limits = tuple(map(np.asarray, facts["clipped_at"])) if "clipped_at" in facts else None
    for step in how.clean:
        piece = _after(step, piece, how, limits)
    return _with_features(piece, facts.get("key_frequencies", ()), how) if how.more else piece


def _after(step: Step, piece: Piece, how: Preparation, limits: tuple[Values, ...] | None) -> Piece:
    """A piece after one step; its gaps are filled already."""
    values = piece.values
    if step == "clip" and limits is not None:
        values = np.clip(values, *limits)
    elif step == "median":
        values = _median(values, how.median_samples)
    elif step == "lowpass":
        values = _lowpass(values, how.cutoff)
    return piece._replace(values=values)


def _limits(train: Sequence[Values], deviations: float) -> tuple[Values, Values]:
    pooled = np.concatenate(train)
    middle = np.median(pooled, axis=0)
    deviation = _DEVIATION * np.median(np.abs(pooled - middle), axis=0)
    if (deviation == 0).any():
        raise InputError(
            "clean: clip: at least half of the training part has one value, so outliers are undefined: leave out clip"
        )
    return middle - deviations * deviation, middle + deviations * deviation


def _median(values: Values, samples: int) -> Values:
    """The median of the last ``samples`` (time, feature); at the beginning, the first value replaces missing ones."""
    before = np.repeat(values[:1], samples - 1, axis=0)
    return np.asarray(np.median(sliding_window_view(np.concatenate([before, values]), samples, axis=0), axis=2))


def _lowpass(values: Values, cutoff: float) -> Values:
    """A causal second-order Butterworth filter of values (time, feature), at rest on the first value."""
    sections = butter(_ORDER, 2 * cutoff, output="sos")
    rest = sosfilt_zi(sections)[:, :, None] * values[:1]
    return np.asarray(sosfilt(sections, values, axis=0, zi=rest)[0])


def _key_frequencies(train: Sequence[Values], how: Preparation) -> list[float]:
    """The strongest peaks in the spectrum of training in cycles per sample, the strongest first.

    InputError if there are too few peaks.
    """
    if not how.frequencies:
        return []
    longest = max(train, key=len)
    places, power = welch(longest, nperseg=min(how.frequency_window, len(longest)))
    peaks = find_peaks(np.concatenate([[np.inf], power[1:], [0]]))[
        0
    ]  # so that a mean or a drift does not count as a peak
    if len(peaks) < how.frequencies:
        raise InputError(
            f"the spectrum of training has {len(peaks)} peaks, fewer than frequencies = {how.frequencies}: lower that"
        )
    strongest = peaks[np.argsort(-power[peaks], kind="stable")][: how.frequencies]
    return [float(place) for place in places[strongest]]


def _with_features(piece: Piece, frequencies: Sequence[float], how: Preparation) -> Piece:
    """A piece of one feature with its past values and the amplitudes of frequencies as further features."""
    values, lost = piece.values[:, 0], how.lost
    if len(values) <= lost:
        raise InputError(f"a piece of {len(values)} samples is too short for features of the last {lost + 1} samples")
    past = [values[lost - i * how.delay : len(values) - i * how.delay] for i in range(how.embedding)]
    amplitudes = [_amplitude(values, frequency, how.frequency_window)[lost:] for frequency in frequencies]
    return Piece(np.stack([*past, *amplitudes], axis=1), piece.measured[lost:])


def _amplitude(values: Values, frequency: float, window: int) -> Values:
    """The amplitude (time,) of a frequency over the last ``window`` samples; samples before the first count as 0."""
    phase = 2 * np.pi * frequency * np.arange(window)
    parts = [np.asarray(lfilter(2 / window * wave, [1.0], values)) for wave in (np.cos(phase), np.sin(phase))]
    return np.asarray(np.hypot(*parts))
