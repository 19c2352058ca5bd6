"""Files that a process and its supervisor share."""

import os
import tempfile

import pytest

from benchbench.isolation.shared_file import SharedFile

MEBIBYTE = 2**20


@pytest.fixture(params=[False, True])
def scratch(request, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = SharedFile(named=request.param)
    assert len(list(tmp_path.iterdir())) == request.param  # a file without a name cannot be removed by others
    yield made
    made.close()
    assert list(tmp_path.iterdir()) == []


def test_written_text_can_be_read_until_the_file_is_cleared(scratch):
    end = scratch.attach()
    os.write(end, b"one")
    assert scratch.read() == b"one"
    os.write(end, b" two")
    assert scratch.text() == "one two"
    scratch.clear()
    os.write(end, b"three")
    assert scratch.read() == b"three"


def test_the_beginning_and_the_end_of_a_long_text_are_kept(scratch):
    os.write(scratch.attach(), b"first" + b"." * (3 * MEBIBYTE) + b"last")
    text = scratch.text()
    assert text.startswith("first.")
    assert text.endswith(".last")
    assert f"[... {2 * MEBIBYTE + 9:,} bytes are left out ...]" in text


def test_endless_output_takes_little_space_on_the_disk(scratch):
    end = scratch.attach()
    os.write(end, b"first")
    for _ in range(5):
        os.write(end, b"." * (20 * MEBIBYTE))
        scratch.trim()
        assert len(scratch.read()) < 20 * MEBIBYTE
    os.write(end, b"last")
    text = scratch.text()
    assert text.startswith("first.")
    assert text.endswith("last")
    left_out = 100 * MEBIBYTE + 5 - MEBIBYTE // 2
    assert f"[... {left_out:,} bytes are left out ...]" in text


def test_writing_does_not_move_the_position_of_a_reader(scratch):
    end, seen = scratch.attach(), []
    for number in range(200):
        os.write(end, b"x" * 100)
        seen.append(len(scratch.read()) == 100 * (number + 1))
    assert all(seen)


def test_a_check_for_room_leaves_no_trace(scratch):
    os.write(scratch.attach(), b"one")
    scratch.require_room()
    assert scratch.read() == b"one"


def test_a_file_without_room_is_an_error(scratch, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        scratch.require_room()
