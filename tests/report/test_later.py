"""Reports of studies that are larger than memory, or than a reader has room for."""

import pytest

from benchbench.report.analysis.trials import Records
from benchbench.report.figures import catalogue
from benchbench.report.frame import read


@pytest.fixture
def few(monkeypatch):
    """Two records are kept in memory."""
    for module in ("report.frame", "core.later"):
        monkeypatch.setattr(f"benchbench.{module}.HELD", 2)


def test_records_that_are_not_in_memory_are_read_again_from_their_lines(stored, record, few):
    made = [record(seed=seed, environment={"machine": "ab"[seed % 2]}) for seed in (4, 0, 3, 2, 1)]
    frame, records = read("toy", stored(made))
    assert len(records) == 5
    for _ in range(2):
        assert [one.trial.key for one in records] == list(frame["key"])
    assert records[1:3] == [records[1], records[2]]
    assert sorted(one.trial.seed for one in records) == [0, 1, 2, 3, 4]
    whole = {one.trial.key: one for one in made}
    assert all(one == whole[one.trial.key] for one in records)
    places = zip(frame["key"], frame["machine"], strict=True)
    assert [one.trial.key for one in Records(records, places).of(frame[3:])] == list(frame["key"][3:])


@pytest.mark.long
def test_of_each_kind_of_figure_the_first_are_drawn_and_the_others_say_that_they_are_not(gathered, grid, monkeypatch):
    numbers = gathered(grid())
    every = catalogue.draw_all(numbers, None).found
    monkeypatch.setattr(catalogue, "MOST", 1)
    found = catalogue.draw_all(numbers, None).found
    drawn = [one.kind for one in found if not one.reason]
    assert len(drawn) == len(set(drawn)) == len({one.kind for one in every if not one.reason})
    assert any(one.reason.startswith("Not drawn: a report has at most") for one in found)
    assert [one.kind for one in found] == [one.kind for one in every]
