"""Imported by the server before it forks, so that trials start with everything loaded."""

import atexit
import os
from importlib import import_module

from benchbench.core import registry
from benchbench.run.job import keep_caches

_NEEDED = (
    "torch._dynamo",  # optimizers import it at their first step, and this second must not be on the clock
    "sklearn.metrics",
    "benchbench.learn.reservoir_step",
    "benchbench.measure.machine",
    "benchbench.measure.switches",
    "benchbench.measure.yardstick",
    "benchbench.run.job",
    "benchbench.run.plan",
    "benchbench.run.examiner",
    "benchbench.run.trial",
)

atexit.register(os._exit, 0)  # the server has nothing to clean up, and unloading PyTorch takes seconds
keep_caches()  # PyTorch makes its cache folder when it is imported, which must not be the temporary one
for _name in _NEEDED:
    import_module(_name)
for _ in registry.shipped():
    pass  # loads the shipped plug-ins, but no installed ones, which may start threads
