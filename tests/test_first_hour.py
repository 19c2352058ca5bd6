"""The first hour of a new user: the commands of the pages in PLAYED can be pasted one after the other."""

import pytest
from first_hour import ELSEWHERE, PLAYED, Shell, block, small
from pages import PAGES, commands

from benchbench.core import study

FILES = {  # files that the reader is asked to save
    "longer.toml": ("toml", 'name = "longer"'),
    "my_signal.toml": ("toml", 'name = "my_signal"'),
    "my_net.py": ("python", "Minimal RNN"),
}
BY_HAND = {  # what the page asks for after a command
    "benchbench check my_net.py": """sed -i '1a plugins = ["my_net.py"]' longer.toml
        echo '[architectures.relu_rnn]' >> longer.toml""",
}


@pytest.mark.long
@pytest.mark.usefixtures("undrawn")
def test_the_commands_of_the_first_hour_can_be_pasted_one_after_the_other(cli, tmp_path, monkeypatch):
    read = study.read
    monkeypatch.setattr(study, "read", lambda file: small(read(file)))
    for name, (language, start) in FILES.items():
        (tmp_path / name).write_text(block(language, start))
    shell = Shell(cli, tmp_path)
    [signal] = [text for text, _ in commands(PAGES["own-signal.md"]) if text.startswith("seq ")]
    shell.play(signal.splitlines()[0])
    shell.play("sed -i 1ivoltage signal.csv")
    shell.play("benchbench run my_signal.toml --quiet")
    shell.play("benchbench run quick --quiet")
    for page in PLAYED:
        for text, _ in commands(PAGES[page]):
            if text not in ELSEWHERE:
                shell.play(text)
            shell.play(BY_HAND.get(text, ""))
    assert (tmp_path / "results/report/quick/latex/tables.tex").is_file()
    assert {"trial.png", "next.csv", "out.csv"} <= {path.name for path in tmp_path.iterdir()}
