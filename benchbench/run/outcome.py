"""What a trial hands back to the process that writes. It imports no PyTorch, as that process needs none."""

from typing import NamedTuple

from benchbench.core.record import Record


class Outcome(NamedTuple):
    """A record, and the bytes of the file of arrays that its ``artifact`` names; None where it names none."""

    record: Record
    artifact: bytes | None = None
