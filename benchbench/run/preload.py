"""Imported by the server before it forks, so that a trial starts with everything at hand."""

import atexit
import os
from importlib import import_module

from benchbench.core import registry
from benchbench.run.job import keep_caches

_NEEDED = (
    "torch._dynamo",  # the optimizers import it at the first step: a second that must not fall on the clock
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

atexit.register(os._exit, 0)  # the server has nothing to put away, and to take PyTorch down costs seconds
keep_caches()  # PyTorch makes its folder when it is imported, and would make it in the temporary one
for _name in _NEEDED:
    import_module(_name)
for _ in registry.shipped():
    pass  # not what others have installed: that may start threads
