"""What processes have loaded before they are forked: nothing that a trial needs is imported on its clock."""

import subprocess
import sys

LOADED = """
import sys, benchbench.run.preload
print(*(name for name in {names!r} if name in sys.modules))
"""


def test_the_server_has_loaded_what_a_trial_needs_and_no_more():
    needed = ["torch._dynamo", "sklearn.metrics", "benchbench.run.trial", "benchbench.learn.reservoir_step"]
    program = LOADED.format(names=[*needed, "wfdb", "benchbench.report.frame", "matplotlib"])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == needed
