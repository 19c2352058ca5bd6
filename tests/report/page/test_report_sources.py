"""Each number of a page leads to the trials that it comes from."""

import pytest

from benchbench.report.page.blocks import Source, Table
from benchbench.report.page.front import pages
from benchbench.report.page.pictures import Pictures
from tests.report.conftest import SECONDS, UPDATES, make_study, numbers_of


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    records = make_study(tasks=("cosine",), lengths=(100, 200, 300), seeds=3, budgets=(UPDATES, SECONDS))
    numbers = numbers_of(records, tmp_path_factory.mktemp("sources"))
    made = pages(numbers, Pictures(), {"cosine": "tasks/cosine"})
    return numbers, [block for page in made for block in page.blocks if isinstance(block, Table)]


def keys(cell):
    return {key for piece in cell if isinstance(piece, Source) for key, _ in piece.trials}


def head(table):
    return ["".join(map(str, one)) for one in table.headers]


@pytest.mark.long
def test_every_row_with_a_number_names_trials(tables):
    _, found = tables
    assert len(found) > 8
    for table in found:
        for row in table.rows:
            if row[0] and "best possible" not in str(row[0]):
                assert any(keys(cell) for cell in row), head(table)


def test_a_score_names_the_trials_of_its_cell_and_its_rank_those_of_all_lengths(tables):
    numbers, found = tables
    table = next(one for one in found if "MSE, length 100" in head(one)[1])
    frame = numbers.selection.frame
    frame = frame[frame["condition"] == "equal-seconds"]
    row = next(row for row in table.rows if row[0] == ("gru",))
    mine = frame[frame["architecture"] == "gru"]
    assert keys(row[2]) == set(mine.loc[mine["length"] == 200, "key"])
    assert keys(row[-1]) == set(mine["key"])


def test_a_pair_names_the_trials_of_both(tables):
    numbers, found = tables
    table = next(one for one in found if "against" in head(one))
    frame = numbers.selection.frame
    row = table.rows[0]
    here = frame[(frame["condition"] == "equal-seconds") & (frame["length"] == int(row[0][0]))]
    assert keys(row[3]) == set(here.loc[here["architecture"].isin([row[1][0], row[2][0]]), "key"])


def test_a_law_names_every_trial_of_its_architecture(tables):
    numbers, found = tables
    table = next(one for one in found if "grows as" in head(one))
    row = table.rows[0]
    frame = numbers.selection.frame
    assert keys(row[2]) == set(frame.loc[frame["architecture"] == row[1][0], "key"])
