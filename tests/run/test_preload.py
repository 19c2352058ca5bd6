"""The modules that processes have loaded before they are forked: a trial imports nothing on its clock."""

import sys

from benchbench.isolation.pool import isolated_map, start_server
from benchbench.run.job import PRELOAD


def loaded(names):
    return [name for name in names if name in sys.modules]


def test_the_server_has_loaded_what_a_trial_needs_and_no_more():
    needed = ["torch._dynamo", "sklearn.metrics", "benchbench.run.trial", "benchbench.learn.reservoir_step"]
    start_server(PRELOAD)
    [(_, found)] = isolated_map(loaded, [[*needed, "wfdb", "benchbench.report.frame", "matplotlib"]])
    assert found == needed
