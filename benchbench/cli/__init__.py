"""The verbs of the command line: the only room that prints or exits."""

from benchbench.cli.app import main

__all__ = ["main"]
