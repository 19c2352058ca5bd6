"""The documents say what is there: every verb and name, and numbers that come from the committed records."""

import re
import shutil
from pathlib import Path

import pytest

from benchbench import write_report
from benchbench.core import registry
from benchbench.core.study import shipped

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("verb", ["run", "report", "list", "check", "calibrate", "compare", "reproduce", "pitfalls"])
def test_every_verb_stands_in_the_readme(verb):
    assert f"benchbench {verb}" in README


def test_every_registered_name_and_study_stands_in_the_readme():
    missing = [name for _, name in registry.load().plugins if f"`{name}`" not in README]
    missing += [name for name in shipped() if f"benchbench run {name}" not in README]
    assert not missing


def test_the_readme_shows_the_table_and_a_figure_of_the_committed_report():
    block = re.search(r"<!-- results -->\n(.*)<!-- /results -->", README, flags=re.DOTALL)[1]
    report = (ROOT / "results" / "report" / "main" / "report.md").read_text()
    rows = [line for line in block.splitlines() if line.startswith("|")]
    assert len(rows) > 10
    assert all(row in report for row in rows)
    [picture] = re.findall(r"\((results/report/main/figures/[^)]+\.png)\)", block)
    assert (ROOT / picture).exists()


@pytest.mark.parametrize(
    ("block", "page"),
    [
        ("closed loop", "report/chaos/report.md"),
        ("claims", "reproduce/reproduce.md"),
        ("devices", "report/devices/report.md"),
    ],
)
def test_the_tables_of_the_readme_stand_in_the_committed_page(block, page):
    text = re.search(rf"<!-- {block} -->\n(.*)<!-- /{block} -->", README, flags=re.DOTALL)[1]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) > 5
    assert set(lines) <= set((ROOT / "results" / page).read_text().splitlines())


def test_every_picture_of_the_readme_is_there():
    assert not [path for path in re.findall(r"\((results/[^)]+)\)", README) if not (ROOT / path).exists()]


@pytest.mark.parametrize("study", ["main", "chaos", "devices"])
def test_the_committed_report_is_what_the_committed_records_give(study, tmp_path):
    shutil.copytree(ROOT / "results" / "records" / study, tmp_path / "records" / study)
    fresh = write_report(study, tmp_path)
    committed = ROOT / "results" / "report" / study
    assert fresh.read_text() == (committed / "report.md").read_text()
    for table in sorted((fresh.parent / "tables").iterdir()):
        assert table.read_text() == (committed / "tables" / table.name).read_text(), table.name
    assert {p.name for p in (fresh.parent / "figures").iterdir()} == {p.name for p in (committed / "figures").iterdir()}


@pytest.mark.parametrize("number", range(3))
def test_the_plug_ins_of_the_readme_keep_the_contract(number, tmp_path):
    from benchbench.contract.check import assert_contract

    blocks = [b for b in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL) if "version=1" in b]
    assert len(blocks) == 3
    file = tmp_path / "plugin.py"
    file.write_text(blocks[number])
    for plugin in registry.registered(registry.load_file(file)):
        assert_contract(plugin)


def test_the_study_of_the_readme_is_valid(tmp_path):
    from benchbench.core import study

    file = tmp_path / "mine.toml"
    file.write_text(re.search(r"```toml\n(name = .*?)```", README, flags=re.DOTALL)[1])
    assert len(study.read(file).trials(registry.load())) == 3 * 5 * 7


def test_nothing_committed_holds_a_path_of_a_machine():
    files = [*ROOT.glob("*.md"), *ROOT.glob("results/**/*.jsonl"), *ROOT.glob("results/**/*.md")]
    pattern = re.compile(r"/(?:home|root|tmp|Users|work)/[A-Za-z]")
    assert not [file.name for file in files if pattern.search(file.read_text())]
