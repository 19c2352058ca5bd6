"""A record as one line of its file: a checksum is added when it is written, and checked when it is read."""

import json
import re
from contextlib import suppress
from enum import StrEnum
from hashlib import sha256

from pydantic import ValidationError

from benchbench.core.errors import short
from benchbench.core.head import Head
from benchbench.core.record import Record

LONGEST = 2**21
"""The most bytes that a line may have.

Ordinary lines have up to 40 kB; reading a malicious line of this length takes half a GB.
"""

_FAULTS = 1_000  # most faults of a line that are listed in full
_SEALED_SINCE = 3  # the first schema whose lines carry a checksum
_SEAL = re.compile(rb',"checksum":"([0-9a-f]{64})"\}')
_AFTER_HEAD = b',"objective":'  # where options or texts contain it, the part before it is not valid JSON
_SEAL_BYTES = len(b',"checksum":""}') + 64


class Seal(StrEnum):
    """What the checksum of a line shows: whether the line was changed, but not who wrote it."""

    WHOLE = "whole"
    CHANGED = "changed"
    NONE = "none"


class LineError(ValueError):
    """A line is not a record; ``torn`` tells that it is incomplete JSON, such as an interrupted write leaves."""

    def __init__(self, reason: str, *, torn: bool = False) -> None:
        super().__init__(reason)
        self.torn = torn


def sealed(record: Record) -> bytes:
    """The line of a record, with a checksum of its bytes at the end; LineError where it could not be read back."""
    try:
        content = record.model_dump_json(by_alias=True).encode()
    except ValueError as error:  # half of a surrogate pair, or endless nesting
        raise LineError(" ".join(str(error).split())) from None
    line = content[:-1] + b',"checksum":"%s"}' % sha256(content).hexdigest().encode()
    parsed(line)
    return line


def parsed(line: bytes, *, samples: bool = True) -> tuple[Record, Seal]:
    """The record in a line, and what the line's checksum shows; LineError where the line is not a record.

    Without ``samples``, the record has none if the checksum matches. Reading a line then takes three quarters of the
    time.
    """
    if len(line) > LONGEST:
        raise LineError(f"it is longer than {LONGEST:,} bytes, the most that a line may have")
    found = _SEAL.fullmatch(line[-_SEAL_BYTES:])
    content = line if found is None else line[:-_SEAL_BYTES] + b"}"
    same = found is not None and found[1].decode() == sha256(content).hexdigest()
    given = content if samples or not same else _without_samples(content)
    try:
        record = Record.model_validate_json(given)
    except ValidationError as error:
        if given != content:
            return parsed(line)
        raise LineError(_reason(error), torn=not _whole(line)) from None
    if "schema_" not in record.model_fields_set:
        raise LineError("schema: required, but missing")
    if record.checksum is not None:  # a checksum in another place than at the end of the line
        return record.model_copy(update={"checksum": None}), Seal.CHANGED
    if found is None:
        return record, Seal.NONE if record.schema_ < _SEALED_SINCE else Seal.CHANGED
    return record, Seal.WHOLE if same else Seal.CHANGED


def _without_samples(content: bytes) -> bytes:
    """A record's JSON without its samples, behind which only the free run stands."""
    start, end = content.rfind(b',"samples":'), content.rfind(b',"free_run":')
    return content[:start] + content[end:] if 0 < start < end else content


def headed(line: bytes) -> Head:
    """The head of the record in a line; LineError where the line is not a record.

    If the checksum matches, benchbench wrote the line. Then its beginning suffices, as long as it has the whole head.
    """
    found = _SEAL.fullmatch(line[-_SEAL_BYTES:])
    if found is not None and len(line) <= LONGEST:
        content = line[:-_SEAL_BYTES] + b"}"
        if found[1].decode() == sha256(content).hexdigest():
            with suppress(ValidationError):  # lines of earlier versions have another order
                return Head.model_validate_json(content.partition(_AFTER_HEAD)[0] + b"}")
    return Head.of(parsed(line)[0])


def _whole(line: bytes) -> bool:
    """Whether a line is complete JSON."""
    try:
        json.loads(line, parse_int=str)  # a number may have more digits than Python reads
    except ValueError:
        return False
    except RecursionError:  # too deep to tell; a line that counts as complete is never cut off
        return True
    return True


def _reason(error: ValidationError) -> str:
    """The first fault as one line of text: the key, what is wrong, and what was given.

    A fault of the schema goes first, since a wrong schema explains other faults.
    """
    if error.error_count() > _FAULTS:  # a list of them would take a gigabyte
        return f"{error.error_count():,} faults"
    faults = error.errors(include_url=False)
    first = next((fault for fault in faults if fault["loc"] == ("schema",)), faults[0])
    place = short(".".join(map(str, first["loc"])), 200)[1:-1]
    text = first["msg"].removeprefix("Value error, ").replace(" at line 1 column", " at column")
    given = "" if first["type"] in {"missing", "value_error", "json_invalid"} else f", got {short(first['input'])}"
    return f"{place}{': ' if place else ''}{text}{given}"
