"""Turns cleaning steps in one text, such as ``interpolate,clip=6``, into options of a task."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter, ValidationError

from benchbench.core.errors import InputError, short, unknown
from benchbench.signals.clean import ClipAt, Cutoff, MedianSamples, Preparation, Step

_GAP = Annotated[int, Field(ge=1, le=1_000_000)]
_VALUES: Mapping[str, tuple[str, Any, str]] = MappingProxyType(
    {
        "interpolate": ("longest_gap", _GAP, "a longest gap of 1 or more samples"),
        "clip": ("clip_at", ClipAt, "1 to 1000 deviations"),
        "median": ("median_samples", MedianSamples, "2 to 1001 samples"),
        "lowpass": ("cutoff", Cutoff, "a cutoff above 0 and below 0.5 cycles per sample"),
    }
)
STEPS: tuple[str, ...] = get_args(Step)


def clean_options(text: str) -> dict[str, Any]:
    """Options of the task ``series`` from steps separated by commas, with or without a value: ``interpolate,clip=6``.

    There are none for an empty text. InputError names a step that is unknown, given twice, in the wrong place or out of
    range, and says what would be right.
    """
    steps: list[str] = []
    options: dict[str, Any] = {}
    for piece in filter(None, (part.strip() for part in text.split(","))):
        step, given, value = piece.partition("=")
        if step not in STEPS:
            raise unknown("step", step, STEPS, where=f"--clean {text}")
        steps.append(step)
        if given:
            name, kind, right = _VALUES[step]
            try:
                options[name] = TypeAdapter(kind).validate_python(value.strip())
            except ValidationError:
                raise InputError(f"--clean {text}: {step} takes {right}, not {short(value)}") from None
    try:
        Preparation(clean=tuple(steps), **options)  # type: ignore[arg-type]  # checked above
    except InputError as error:
        raise InputError(f"--{error}") from None
    return {"clean": steps, **options} if steps else {}
