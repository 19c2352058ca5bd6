"""The first hour of a new user: runs the commands of some pages with small studies."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from pages import PAGES, calls

PLAYED = ("page.md", "getting-started.md", "keeping.md")
"""The pages whose commands are run, in this order, in one folder."""

ELSEWHERE = {  # commands on these pages that another test runs, since they take long
    "make run": "tests/test_cli.py runs and reports a study, CI installs the package",
    ". .venv/bin/activate": "CI uses the same environment",
    "benchbench check my_net.py": "tests/test_docs.py, with the same file",
    "benchbench pitfalls": "tests/report/test_report_pitfalls.py",
    "benchbench try signal.csv --minutes 5": "tests/cli/test_try.py",
    "benchbench verify main chaos": "CI verifies every committed report",
}
KEY = re.compile(r"KEY=\$\((benchbench .*?) \| python -c \'(.*)\'\)")


def block(language, start):
    """The code block on a page that has this text in its first lines."""
    found = [
        text
        for page in PAGES.values()
        for text in re.findall(rf"^```{language}\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
        if start in text[:300]
    ]
    [one] = found
    return one


def small(study):
    """The study with one task and length, three competitors, two seeds and few updates: the commands are tried."""
    budgets = tuple(
        one.model_copy(update={"updates": 2 + i, "epochs": None, "parameters": None, "width": 4})
        for i, one in enumerate(study.budgets[:2])
    )
    task, *_ = study.tasks
    first, *others = study.architectures
    named = {name: study.architectures[name] for name in (first, *others[-2:])}
    fewer = {"tasks": {task: study.tasks[task]}, "architectures": named, "lengths": study.lengths[:1]}
    return study.model_copy(update={**fewer, "seeds": min(study.seeds, 2), "budgets": budgets, "closed_loop": False})


class Shell:
    """Runs the commands of a page with ``cli``, and everything else with bash; it knows the variable KEY."""

    def __init__(self, cli, folder):
        self._cli, self._folder, self._key = cli, folder, ""

    def play(self, text):
        """Run a line or a block; everything in it must succeed."""
        other = list[str]()
        for line in text.splitlines():
            if not line.startswith(("benchbench ", "KEY=")):
                other.append(line)
                continue
            self._bash(other)
            if key := KEY.fullmatch(line):
                self._key = self._bash([f"python -c '{key[2]}'"], self.call(key[1])).strip()
            else:
                self.call(line)
        self._bash(other)

    def call(self, command):
        """What a command of benchbench prints."""
        [command] = calls(command)
        words = [self._key_for(command) if word == "$KEY" else word for word in command.split()]
        done = self._cli(*words[1:])
        assert done.returncode == 0, (command, done.stderr)
        return done.stdout

    def _key_for(self, command):
        """The key of a trial of the plug-in or of the study that the command names."""
        for option, study, name in (("--plugin", "longer", "relu_rnn"), ("--study", "my_signal", "linear")):
            if option in command:
                listed = json.loads(self.call(f"benchbench list trials --study {study} --json"))["trials"]
                return next(one["key"] for one in listed if one["architecture"] == name)
        return self._key

    def _bash(self, lines, given=""):
        """What lines of a shell print, in which ``python`` is the one that runs the tests."""
        text = "\n".join(lines)
        lines.clear()
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return subprocess.run(
            [shutil.which("bash"), "-e", "-c", text], input=given, cwd=self._folder, env={**os.environ, "PATH": path},
            check=True, stdout=subprocess.PIPE, text=True,
        ).stdout  # fmt: skip
