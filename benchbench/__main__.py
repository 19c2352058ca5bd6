"""Runs the program with ``python -m benchbench``."""

from benchbench.cli import main

main()
