"""The instruments, compared with known answers."""

import pytest

from benchbench.calibration.calibrate import ANSWERS, MEBIBYTES, SLEEP, UPDATES, calibrate

TIMES = {"twins: ratio of fit times"}  # a busy machine may be off here, and says so


pytestmark = pytest.mark.long  # half a minute on a quiet machine


@pytest.fixture(scope="module")
def readings():
    found = calibrate(pairs=3)
    if not all(reading.ok for reading in found):  # a machine that is shared may be late once
        found = calibrate(pairs=3)
    return {reading.instrument: reading for reading in found}


def test_every_instrument_reads_the_true_value(readings):
    assert [name for name, reading in readings.items() if not reading.ok and name not in TIMES] == []
    assert readings["updates spent"].read == UPDATES
    assert readings["memory of an allocation"].read == pytest.approx(MEBIBYTES, rel=0.03)
    assert readings["fit time of a sleep"].read >= SLEEP


def test_the_speed_of_the_machine_has_a_reading_but_no_true_value(readings):
    speeds = [reading for name, reading in readings.items() if name.startswith("the machine")]
    assert [reading.true for reading in speeds] == [None, None]
    assert all(reading.read > 0.1 for reading in speeds)


def test_an_instrument_that_is_off_is_detected(tmp_path):
    wrong = tmp_path / "answers.py"
    text = ANSWERS.read_text()
    for true, false in (
        ("seconds: float = 0.5", "seconds: float = 0.6"),
        ("mebibytes: int = 300", "mebibytes: int = 280"),
    ):
        assert true in text
        text = text.replace(true, false)
    wrong.write_text(text)
    off = {reading.instrument for reading in calibrate(wrong, pairs=1) if not reading.ok}
    assert off - TIMES == {"fit time of a sleep", "memory of an allocation"}


def test_a_known_answer_that_fails_is_an_error(tmp_path):
    wrong = tmp_path / "answers.py"
    wrong.write_text(ANSWERS.read_text().replace("time.sleep(seconds)", "raise ValueError('boom')"))
    with pytest.raises(ChildProcessError, match="sleeper: failed: ValueError: boom"):
        calibrate(wrong, pairs=1)
