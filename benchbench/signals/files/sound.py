"""Reads WAV files; each channel becomes a column."""

import struct
import warnings
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

from scipy.io import wavfile

from benchbench.signals.files.arrays import table_of
from benchbench.signals.files.table import Form, Table

_HEAD = 12  # bytes: RIFF, size, WAVE


def read_sound(content: bytes, form: Form) -> Table:  # noqa: ARG001  all readers have this signature
    """The table of a WAV file, with its sampling rate in ``facts``; ValueError if it is shorter than it says."""
    for what, wanted in _parts(content):
        if wanted > len(content):
            raise ValueError(
                f"its {what} says that it has {wanted:,} bytes, but it has {len(content):,}: it is cut off"
            )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", wavfile.WavFileWarning)  # chunks of text that the reader skips
        rate, samples = wavfile.read(BytesIO(content))
    table = table_of(samples)
    return replace(table, facts={"rate_hz": float(rate)})


def _parts(content: bytes) -> Iterator[tuple[str, int]]:
    """The header and each chunk up to the samples, each with the size in bytes that the file must have to hold it."""
    if content[:4] not in (b"RIFF", b"RIFX", b"RF64") or len(content) < _HEAD:
        return  # the reader refuses it
    number = ">I" if content[:4] == b"RIFX" else "<I"
    size = struct.unpack_from(number, content, 4)[0]
    wide = content[:4] == b"RF64"  # has its sizes in its first chunk
    if not wide:
        yield "header", size + 8 - 1  # the writer may have left out the last byte, which is padding
    at, samples = _HEAD, 0
    while at + 8 <= len(content):
        name, size = content[at : at + 4], struct.unpack_from(number, content, at + 4)[0]
        if wide and name == b"ds64" and at + 24 <= len(content):
            samples = struct.unpack_from("<Q", content, at + 16)[0]
        size = samples if wide and name == b"data" else size
        yield f"chunk {name.decode('latin-1')!r}", at + 8 + size
        if name == b"data":
            return
        at += 8 + size + size % 2
