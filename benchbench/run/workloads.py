"""The former name of ``benchbench.workloads``; the next minor version removes it."""

import sys
from importlib import import_module

sys.modules[__name__] = import_module("benchbench.workloads")
