"""The verbs of the command line: the only room that prints or exits."""

from benchbench.cli.errors import at_once, clear_ends

__all__ = ["main"]


def main() -> None:
    """The console script: a wrong study is one message and exit code 2, an interrupt 130."""
    with clear_ends():
        with at_once():
            from benchbench.cli.app import app
        app()
