"""The processes of these tests are forked with the same modules loaded as those of trials."""

import pytest

from benchbench.isolation.pool import start_server
from benchbench.run.job import PRELOAD


@pytest.fixture(autouse=True)
def server():
    start_server(PRELOAD)
