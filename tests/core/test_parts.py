"""A file of lines in parts: together they are the file, and each line keeps its number and place."""

from pathlib import Path

import pytest

from benchbench.core.lines import Seal, parsed
from benchbench.core.parts import Part, parts
from benchbench.core.store import Store

COMMITTED = Path(__file__).parents[2] / "results" / "records" / "course-names" / "amd-epyc-2-cores.jsonl"


@pytest.mark.parametrize("count", [1, 2, 3, 7, 1_000])
def test_the_parts_of_a_file_have_all_of_its_lines_with_their_numbers(count: int) -> None:
    whole = [(line.number, line.start, line.record) for line in Store(COMMITTED).lines()]
    found = parts(COMMITTED, count)
    assert len(found) == min(count, len(found))
    assert [(one.number, one.start, one.record) for part in found for one in Store(COMMITTED).lines(part)] == whole


def test_a_file_without_records_and_one_of_a_torn_line_are_one_part(tmp_path: Path) -> None:
    file = tmp_path / "m.jsonl"
    for content in (b"", b'{"torn'):
        file.write_bytes(content)
        assert parts(file, 4) == [Part(0, None, 0)]
        assert list(Store(file).lines(parts(file, 4)[0])) == []


def test_a_record_without_samples_has_everything_else() -> None:
    for line in COMMITTED.read_bytes().splitlines():
        (whole, seal), (rest, same) = parsed(line), parsed(line, samples=False)
        assert (seal, same) == (Seal.WHOLE, Seal.WHOLE)
        assert whole.samples
        assert rest == whole.model_copy(update={"samples": {}})


def test_a_line_that_does_not_match_its_checksum_is_read_whole() -> None:
    line = COMMITTED.read_bytes().splitlines()[0].replace(b'"status":"ok"', b'"status": "ok"')
    record, seal = parsed(line, samples=False)
    assert seal == Seal.CHANGED
    assert record.samples
