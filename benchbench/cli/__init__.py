"""The commands of the command line: the only folder that prints or exits."""

from benchbench.cli.errors import at_once, clear_ends

__all__ = ["main"]


def main() -> None:
    """Run the program: a wrong study ends it with one message and exit code 2, an interrupt with 130."""
    with clear_ends():
        with at_once():
            from benchbench.cli.app import app
        app()
