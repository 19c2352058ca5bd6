"""The first look at a file: the column of the signal, and refusals with the rows and what would help."""

import numpy as np
import pandas as pd
import pytest
from ten_signals import SIGNALS, wave

from benchbench.core.errors import InputError
from benchbench.signals.clean_steps import clean_options
from benchbench.signals.files.table import Form
from benchbench.signals.look import look


def seen(file, column=None, clean=""):
    return look(str(file), Form(), column, clean_options(clean))


def table(folder, **columns):
    pd.DataFrame(columns).to_csv(folder / "a.csv", index=False)
    return folder / "a.csv"


@pytest.mark.parametrize("name", [name for name in SIGNALS if name != "million"])
def test_the_column_times_rate_and_period_of_a_foreign_signal_are_found(name, tmp_path):
    file, expected = SIGNALS[name](tmp_path)
    found = seen(file, *expected.arguments[1:], clean=expected.clean)
    assert (found.column, found.times, found.profile.samples) == (expected.column, expected.times, expected.samples)
    assert (found.spacing and found.spacing.rate_hz) == (expected.rate and pytest.approx(expected.rate))
    assert found.profile.period == pytest.approx(expected.period, rel=0.01)


def test_spikes_and_gaps_are_counted_with_their_rows(tmp_path):
    assert seen(SIGNALS["with_outliers"](tmp_path)[0]).profile.first_outliers == (78, 901, 2501)
    found = seen(SIGNALS["with_gaps"](tmp_path)[0], clean="interpolate").profile
    assert found.gaps == ((501, 501), (1001, 1012))


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d"])
def test_days_are_recognised_in_every_usual_form(form, tmp_path):
    days = pd.date_range("2023-01-30", periods=400).strftime(form)
    found = seen(table(tmp_path, date=days, load=wave(400)))
    assert (found.label, found.times) == ("load", ("date",))
    assert found.spacing.step == pytest.approx(86_400)


def test_months_are_even_though_their_days_are_not(tmp_path):
    months = pd.date_range("1990-01-01", periods=300, freq="MS").strftime("%Y-%m-%d")
    found = seen(table(tmp_path, month=months, passengers=wave(300)))
    assert (found.spacing.unit, found.spacing.step, found.spacing.uneven) == ("month", 1.0, ())


def test_no_column_of_several_is_guessed_and_their_names_are_shown(tmp_path):
    file = table(tmp_path, time=np.arange(50.0), left=wave(50), right=wave(50, seed=1))
    with pytest.raises(InputError, match="2 columns may be the signal: left, right; choose one, such as --column left"):
        seen(file)
    assert seen(file, "right").label == "right"
    assert seen(file, "1").label == "left"


def test_a_column_that_does_not_exist_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(InputError, match="unknown column 'voltag'; did you mean 'voltage'"):
        seen(table(tmp_path, voltage=wave(50), current=wave(50)), "voltag")


def test_a_single_column_that_rises_evenly_is_a_signal_and_no_time(tmp_path):
    assert seen(table(tmp_path, ramp=np.arange(50.0))).label == "ramp"


@pytest.mark.parametrize(
    ("columns", "clean", "message"),
    [
        ({"x": [1.0, np.nan, np.nan, 4, 5, 6, 3, 2]}, "",
         "2 of 8 values of column 'x' are missing, in rows 2 to 3 .row 1 is line 2.: --clean interpolate fills"),
        ({"x": [*wave(100), *[np.nan] * 60, *wave(9)]}, "interpolate", "in rows 101 to 160 .*--clean interpolate=60"),
        ({"x": [np.nan, *wave(50)]}, "interpolate", "rows 1 to 1 are missing, at the beginning: cut them off"),
        ({"x": [5.0] * 40}, "", "is constant: every value is 5"),
        ({"x": ["a", "b", "c"]}, "", "has no column of numbers that could be the signal; its columns: x"),
        ({"time": [0.0, 1, 2, 2.4, 4, 5], "x": wave(6)}, "",
         "irregular sampling: by column 'time', the time since the row before is not 1 in 2 rows .4, 5."),
        ({"time": [0.0, 1, 2, 5, 6, 7], "x": wave(6)}, "", "2 samples are missing by column 'time'.*2 after row 3"),
        ({"time": [0.0, 1, 1, 3, 4, 5], "x": wave(6)}, "", "has the name of a time but does not rise at row 3: sort"),
    ],
)  # fmt: skip
def test_a_signal_with_gaps_or_uneven_samples_is_refused_with_its_rows(columns, clean, message, tmp_path):
    with pytest.raises(InputError, match=message):
        seen(table(tmp_path, **columns), clean=clean)


def test_a_file_that_is_no_signal_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.csv: no such file"):
        seen(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="a folder, not a file"):
        seen(tmp_path)
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    with pytest.raises(InputError, match=r"unknown kind of file '\.png'\. Allowed"):
        seen(tmp_path / "photo.png")
    (tmp_path / "prose.txt").write_text("no numbers at all\nin here\n")
    with pytest.raises(InputError, match=r"prose\.txt"):
        seen(tmp_path / "prose.txt")


def test_a_wfdb_record_may_be_named_in_three_ways_and_its_samples_belong_to_its_hash(tmp_path):
    file, _ = SIGNALS["record"](tmp_path)
    ways = [seen(file), seen(f"{file}.hea"), seen(f"{file}.dat")]
    assert {one.path for one in ways} == {f"{file}.hea"}
    (tmp_path / "p01.dat").unlink()
    with pytest.raises(InputError, match=r"p01\.hea cannot be read"):
        seen(file)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("", {}),
        ("interpolate,clip=6", {"clean": ["interpolate", "clip"], "clip_at": 6.0}),
        ("median=5, lowpass=0.2", {"clean": ["median", "lowpass"], "median_samples": 5, "cutoff": 0.2}),
        ("interpolate=200", {"clean": ["interpolate"], "longest_gap": 200}),
    ],
)
def test_steps_of_cleaning_become_options_of_the_task(text, options):
    assert clean_options(text) == options


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("interpolat", "unknown step 'interpolat'; did you mean 'interpolate'"),
        ("clip=0.5", "clip takes 1 to 1000 deviations, not '0.5'"),
        ("median=1", "median takes 2 to 1001 samples, not '1'"),
        ("lowpass=0.5", "lowpass takes a cutoff above 0 and below 0.5 cycles per sample, not '0.5'"),
        ("interpolate=0", "interpolate takes a longest gap of 1 or more samples, not '0'"),
        ("clip=", "clip takes .* not ''"),
        ("clip,interpolate", "--clean: interpolate must come first"),
        ("clip,clip", "--clean: clip is given twice"),
    ],
)
def test_a_step_that_is_unknown_or_out_of_range_is_refused_with_what_would_be_right(text, message):
    with pytest.raises(InputError, match=message):
        clean_options(text)
