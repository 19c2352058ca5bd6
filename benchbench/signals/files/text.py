"""Reads text tables; if the user gives no separator and decimal sign, finds the only pair of them that fits."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from benchbench.core.errors import InputError
from benchbench.signals.files.body import Body, Reading, body_of, widths
from benchbench.signals.files.lines import SEPARATORS, Lines, check_form, lines_of
from benchbench.signals.files.table import Form, Table

_DECIMALS = (".", ",")
_HEAD = 200  # lines that are tried first, which rules out most readings
_SHOWN = 4  # readings that a message lists
_COMMENTS = ("#", "%", "!")
_GIVE = "say which with the options separator and decimal"


def read_text(content: bytes, form: Form) -> Table:
    """The table of a CSV, TSV or TXT file; InputError if no reading fits, or if two different ones fit, which it shows.

    A reading (a separator and a decimal sign) fits if every line has as many cells as the first, a column holds
    numbers, and no cell looks as if it should be cut. A text in double quotes is one cell.
    """
    check_form(form)
    lines = lines_of(content, form)
    body = _chosen(lines, form)
    return Table(
        labels=body.labels,
        numbers=np.column_stack(body.numbers),
        raw=lambda row, column: body.cells[column][row],
        whole=lambda column: body.cells[column].tolist(),
        first_line=lines.first + (body.header is not None),
        facts={"separator": body.reading.separator, "decimal": body.reading.decimal},
    )


def _chosen(lines: Lines, form: Form) -> Body:
    """The body under the only reading that fits."""
    faults: dict[Reading, str] = {}
    whole: list[Body] = []
    for reading in _readings(lines, form):
        fault = body_of(lines.head(_HEAD), reading, form).fault(form)
        if not fault:
            body = body_of(lines, reading, form)
            fault = body.fault(form)
        if fault:
            faults[reading] = fault
        elif not any(body.same(other) for other in whole):
            whole.append(body)
    if not whole:
        said = "; ".join(f"with {reading} {fault}" for reading, fault in list(faults.items())[:_SHOWN])
        sign = lines.rows[0].strip()[:1]
        comment = f", or give comment = {sign!r} if that line is one" if sign in _COMMENTS else ""
        raise InputError(f"no separator and decimal sign fit: {said}; {_GIVE}{comment}")
    fits = [body for body in whole if body.numeric]
    if len(fits) > 1:
        shown = [f"{body.reading}, which reads {body.start!r}" for body in fits[:2]]
        raise InputError(f"two readings fit: {shown[0]}, and {shown[1]}; {_GIVE}")
    if not fits:  # the caller refuses it, since it has no numbers
        return max(whole, key=lambda body: len(body.columns))
    if fits[0].reading.separator == "" and fits[0].header is None and form.decimal is None:
        _require_one_column(fits[0], lines, faults)
    if doubt := fits[0].doubt(form):
        raise InputError(f"two readings fit: {doubt}")
    return fits[0]


def _require_one_column(body: Body, lines: Lines, faults: dict[Reading, str]) -> None:
    """InputError if a separator would cut most lines into equally many cells, like a table with a broken line."""
    for reading, fault in faults.items():
        counts = Counter(filter(None, widths(lines, reading.separator)))
        often, count = max((often, count) for count, often in counts.items())
        if len(counts) > 1 and count > 1 and 2 * often >= counts.total():
            shown = f"{body.reading}, which reads {body.start!r}, and {reading}, where {fault}"
            raise InputError(f"two readings are likely: {shown}; {_GIVE}")


def _readings(lines: Lines, form: Form) -> Iterator[Reading]:
    """The possible readings; if both signs are the same, the numbers must be in quotes."""
    given = form.separator or lines.said
    found = [sign for sign in SEPARATORS if sign in lines.signs and (sign != " " or "\t" not in lines.signs)]
    comma = "," in lines.signs or lines.quotes
    decimals = [form.decimal] if form.decimal else _DECIMALS if comma else _DECIMALS[:1]
    for separator in [given] if given else ["", *found]:
        for decimal in decimals:
            if decimal != separator or lines.quotes:
                yield Reading(separator, decimal)
            elif form.separator and form.decimal:
                raise InputError(f"separator and decimal are both {decimal!r}, so the numbers must be in quotes")
