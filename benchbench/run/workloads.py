"""The former address of ``benchbench.workloads``; it goes with the next minor version."""

import sys
from importlib import import_module

sys.modules[__name__] = import_module("benchbench.workloads")
