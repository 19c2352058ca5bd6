"""The former name of ``benchbench.contract``; the next minor version removes it."""

import sys
from importlib import import_module

sys.modules[__name__] = import_module("benchbench.contract")
