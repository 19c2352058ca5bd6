"""Fixtures of the tests of the report's numbers."""

import pytest

from benchbench.report.analysis.select import select
from benchbench.report.frame import load


@pytest.fixture
def frame(stored):
    return lambda records: select(load("toy", stored(records))).frame


@pytest.fixture
def scored(record, frame):
    """The frame of records with these test MSEs by name, one for each seed; None is a divergence."""

    def make(**scores):
        return frame(
            [
                record(name, seed, status="diverged") if mse is None else record(name, seed, mse=mse)
                for name, values in scores.items()
                for seed, mse in enumerate(values)
            ]
        )

    return make
