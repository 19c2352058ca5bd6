"""The commands in the README, in docs/ and in CONTRIBUTING, and how ``benchbench`` parses them."""

import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple

from typer.main import get_command

from benchbench.cli.app import app

ROOT = Path(__file__).parent.parent
PAGES = {path.name: path.read_text() for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
PAGES["CONTRIBUTING.md"] = (ROOT / "CONTRIBUTING.md").read_text()
PROGRAM = get_command(app)


class Commands(NamedTuple):
    """A line of an indented block, without its comment, or a whole block for a shell.

    ``about`` has the comment and the paragraph before the block.
    """

    text: str
    about: str


def commands(page: str) -> list[Commands]:
    """The commands of a page, in their order."""
    found, about, fence, indented, paragraph = list[Commands](), "", None, False, list[str]()
    for line in page.splitlines():
        if line.startswith("```"):
            if fence is not None and fence[0] == "```sh":
                found.append(Commands("\n".join(fence[1:]), about))
            fence, indented = None if fence is not None else [line], False
        elif fence is not None:
            fence.append(line)
        else:
            indented = line.startswith("    ") and (indented or not paragraph)
            if indented:
                command, _, comment = line.strip().partition("  #")
                found.append(Commands(command.strip(), f"{comment} {about}"))
            elif line:
                paragraph.append(line)
            else:
                about, paragraph = " ".join(paragraph) or about, []
    return found


def in_text(page: str) -> list[str]:
    """The commands of ``benchbench`` within sentences and tables, in which a word such as STUDY stands for a name."""
    return re.findall(r"`(?:[A-Z_]+=\S+ )?(benchbench [^`]+)`", page.replace("\n", " "))


def calls(text: str) -> list[str]:
    """The commands of ``benchbench`` in lines of a shell."""
    return re.findall(r"(?:^|[( ])(benchbench [a-z-][^|)>&#\n]*)", text, flags=re.MULTILINE)


class Parsed(NamedTuple):
    """A verb, which is empty for an option of the program itself, and the options that its command has."""

    verb: str
    options: frozenset[str]


def parsed(command: str) -> Parsed:
    """Parse a command; UsageError of typer's click for a wrong one."""
    verb, words, options = _split(command)
    if verb:
        PROGRAM.commands[verb].make_context(verb, words, parent=context_of(PROGRAM))
    return Parsed(verb, options)


def named(command: str) -> Parsed:
    """The verb and options of a command that need not be complete; AssertionError if the verb has no such option."""
    verb, _, options = _split(command)
    of_verb = PROGRAM.commands[verb] if verb else PROGRAM
    assert options <= _options(of_verb), command
    return Parsed(verb, options)


def _split(command: str) -> tuple[str, list[str], frozenset[str]]:
    """The verb, which is empty for an option of the program itself, the words after it, and the options among them."""
    _, *words = shlex.split(command)
    options = frozenset(word.partition("=")[0] for word in words if word.startswith("--"))
    if words[0].startswith("--"):
        return "", [], options
    assert words[0] in PROGRAM.commands, command
    return words[0], words[1:], options


def known_options() -> set[str]:
    """The options of ``benchbench`` and of all of its verbs."""
    return {name for one in [PROGRAM, *PROGRAM.commands.values()] for name in _options(one)}


def _options(command: Any) -> set[str]:
    return {name for param in command.get_params(context_of(command)) for name in (*param.opts, *param.secondary_opts)}


def context_of(command: Any) -> Any:
    """An empty context for a command of typer."""
    return command.context_class(command, info_name="benchbench")
