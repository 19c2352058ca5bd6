"""Imported by the server before it forks, so that a trial starts with everything at hand.

The optimizers import torch._dynamo at the first step: a second that must not fall on the clock.
"""

import torch._dynamo  # noqa: F401

from benchbench.core import registry

for _ in registry.shipped():
    pass  # not what others have installed: that may start threads
