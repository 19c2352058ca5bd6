"""Every command on a page is a valid one, and runs in a test or says what it needs."""

import ast
import re
import runpy
import shlex
from functools import cache

import pytest
from first_hour import ELSEWHERE, PLAYED
from pages import PAGES, PROGRAM, ROOT, Parsed, calls, commands, in_text, known_options, named, parsed

from benchbench.core.shipped import shipped

TOML = {"mine", "my_signal", "longer", "kept", "signal"}  # studies that a page shows, or that a command writes
OTHERS = {  # options on the pages that belong to other programs
    "--nthreads", "--tls-ca-file", "--tls-cert", "--tls-key", "--units", "--lanes", "--fit", "--factor", "--python",
    "--quick", "--kills",
}  # fmt: skip
NEEDS = {  # how a command begins that no test runs, and the word by which its page says what it needs
    "benchbench run devices": "GPU",
    "CUDA_VISIBLE_DEVICES=0": "GPU",
    "BENCHBENCH_DATA=": "records",
    "benchbench run main": "records|certificates",
    "export DASK_": "certificates",
    "dask": "terminal",
    "pip": "network",
    "asv": "history",
    ".ci/compare": "network",
    "python benchmarks/scripts/peers.py": "network",
    "python benchmarks/scripts/": "does nothing else",
}
RUN_HERE = ("python benchmarks/schedules/summary.py", ". .venv/bin/activate", "make ", "3 of 40: ")


def everything(page):
    """The commands of benchbench in the blocks of a page."""
    return [call for one in commands(page) for call in calls(one.text)]


@cache
def used():
    """The verbs with their options in the calls of tests, and in the commands of the first hour."""
    files = [_used(ast.parse(file.read_text())) for file in (ROOT / "tests").rglob("test_*.py")]
    played = [text for page in PLAYED for text, _ in commands(PAGES[page]) if text not in ELSEWHERE]
    return [one for file in files for one in file] + [parsed(one) for text in played for one in calls(text)]


def _used(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call | ast.List | ast.Tuple):
            parts = node.args if isinstance(node, ast.Call) else node.elts
            texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            words = [word for text in texts for word in text.split() if word != "benchbench"]
            if words and words[0] in PROGRAM.commands:
                yield Parsed(words[0], frozenset(word for word in words if word.startswith("--")))


@pytest.mark.parametrize("name", PAGES)
def test_every_command_of_a_page_is_understood(name):
    for command in everything(PAGES[name]):
        parsed(command)
    for command in in_text(PAGES[name]):
        named(command)


@pytest.mark.parametrize("wrong", ["benchbench run STUDY --resume", "benchbench rnu STUDY", "benchbench --jobs 2"])
def test_a_command_in_a_sentence_with_a_verb_or_an_option_that_does_not_exist_is_found(wrong):
    with pytest.raises(AssertionError):
        named(wrong)


@pytest.mark.parametrize("name", PAGES)
def test_every_option_in_the_text_of_a_page_exists(name):
    assert set(re.findall(r"`(--[a-z][a-z-]*)", PAGES[name])) <= known_options() | OTHERS


@pytest.mark.parametrize("name", PAGES)
def test_every_study_of_a_command_is_shipped_or_shown(name):
    for command in [*everything(PAGES[name]), *in_text(PAGES[name])]:
        verb, *rest = shlex.split(command)[1:]
        if verb in {"run", "report", "export"} and rest and not rest[0].startswith(("-", "STUDY")):
            assert rest[0] in shipped() or rest[0].removesuffix(".toml") in TOML, command


@pytest.mark.parametrize("name", PAGES)
def test_a_test_runs_every_command_of_a_page_or_the_page_says_what_it_needs(name):
    for text, about in commands(PAGES[name]):
        needs = next((word for start, word in NEEDS.items() if text.startswith(start)), None)
        if needs is not None:
            assert re.search(needs, about), text
        elif not text.startswith(RUN_HERE) and name not in PLAYED:
            assert calls(text), text
            for command in calls(text):
                verb, options = parsed(command)
                assert any(verb == one.verb and options <= one.options for one in used()), command


def test_every_target_of_make_and_every_script_on_a_page_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for page in PAGES.values():
        assert set(re.findall(r"^ {4}make ([a-z-]+)", page, flags=re.MULTILINE)) <= targets
        assert set(re.findall(r"`make ([a-z-]+)", page)) <= targets
        for script, options in re.findall(r"python (benchmarks/\S+\.py)([^\n`#]*)", page):
            assert (ROOT / script).is_file()
            assert all(f'"{word}"' in (ROOT / script).read_text() for word in options.split() if word.startswith("-"))


def test_the_averages_of_the_schedules_are_those_that_the_script_prints(capsys):
    runpy.run_path(str(ROOT / "benchmarks/schedules/summary.py"), run_name="__main__")
    said = capsys.readouterr().out
    text = PAGES["architectures.md"].replace("\n", " ")
    found = re.findall(r"ladder-\d+, (\w+): ([\d.]+) of .* lower in (\d) of 9", said)
    cosine, linear = ([one[1:] for one in found if one[0] == rule] for rule in ("cosine", "linear"))
    assert [share for share, _ in cosine] == re.findall(r"([\d.]+) times (?:the MSE|after)", text)
    assert f"({' and '.join(share for share, _ in linear)})" in text
    assert f"lower in {' and in '.join(count for _, count in cosine)} of the 9" in text
