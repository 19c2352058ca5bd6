"""The README and the pages in docs/ say what is there, and their numbers come from the committed records."""

import re
import shutil
from pathlib import Path

import pytest

from benchbench import write_report
from benchbench.core import registry
from benchbench.core.spec import Budget
from benchbench.core.study import Study, read, shipped
from benchbench.core.tuning import Tuning
from benchbench.report.verify import verify

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
DOCS = {path: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
PAGES = {ROOT / "README.md": README, **DOCS}
OTHERS = {ROOT / name: (ROOT / name).read_text() for name in ("CONTRIBUTING.md", "CHANGELOG.md")}
ALL = "\n".join(PAGES.values())
BLOCKS = {  # the folder of results/ on whose pages the tables between two markers stand
    "results": "report/main",
    "closed loop": "report/chaos",
    "claims": "reproduce",
    "devices": "report/devices",
    "verdicts": "calibration",
}
VERBS = [
    "try",
    "run",
    "report",
    "export",
    "show",
    "repeat",
    "predict",
    "list",
    "check",
    "calibrate",
    "compare",
    "reproduce",
    "pitfalls",
    "verify",
]
PLUG_INS = ["relu_rnn", "neighbours", "pendulum"]
STUDIES = {"mine": 3 * 5 * 7, "my_signal": 2 * 5 * 6, "longer": 2 * 3 * 5 * 3}  # trials


def blocks(language: str, page: str = ALL) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)


def marked(name: str) -> tuple[Path, str]:
    """The one page with a block between two markers, and the block."""
    found = [
        (path, text)
        for path, page in PAGES.items()
        for text in re.findall(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", page, flags=re.DOTALL)
    ]
    [one] = found
    return one


def prose(page: str) -> str:
    """A page without its code blocks, whose brackets and hashes are no links and headings."""
    return re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE)


def links(page: str) -> list[str]:
    """Where the links and pictures of a page lead, other sites left out."""
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)) if not re.match(r"[a-z]+:", link)]


def anchors(page: str) -> set[str]:
    """What its headings are called in an address, by GitHub's rule."""
    titles = re.findall(r"^#+ (.*)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_the_readme_is_short():
    assert len(README.splitlines()) < 250


@pytest.mark.parametrize("verb", VERBS)
def test_the_readme_names_every_verb(verb):
    assert f"benchbench {verb}" in README


def test_the_commands_of_every_page_exist():
    from benchbench.cli.app import app

    verbs = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert verbs == set(VERBS)
    named = {verb for page in PAGES.values() for verb in re.findall(r"^    benchbench (\w+)", page, flags=re.MULTILINE)}
    assert named == verbs


def test_a_page_names_every_registered_name_and_study():
    missing = [name for _, name in registry.load().plugins if f"`{name}`" not in ALL]
    missing += [name for name in shipped() if f"benchbench run {name}" not in ALL]
    assert not missing


@pytest.mark.parametrize("kind", ["architecture", "task"])
def test_the_page_of_a_kind_names_every_option(kind):
    page = (ROOT / "docs" / f"{kind}s.md").read_text()
    plugins = [plugin for plugin in registry.load().plugins.values() if plugin.kind == kind]
    options = {f"{plugin.name}: {name}" for plugin in plugins for name in plugin.options.model_fields}
    assert not {option for option in options if f"`{option.partition(': ')[2]}`" not in page}


def test_the_page_on_studies_names_every_key():
    page = (ROOT / "docs" / "studies.md").read_text()
    tables = {"budgets", "tasks", "architectures", "tuning"}
    keys = [*(set(Study.model_fields) - tables), *Budget.model_fields, *Tuning.model_fields]
    assert not [key for key in keys if f"| `{key}` |" not in page]
    assert not [table for table in tables if f"`[{table}." not in page and f"`[[{table}]]`" not in page]


def test_every_page_is_linked_from_the_readme():
    linked = set(links(README))
    assert not [path.name for path in DOCS if f"docs/{path.name}" not in linked]


@pytest.mark.parametrize("path", [*PAGES, *OTHERS], ids=lambda path: path.name)
def test_every_link_and_picture_of_a_page_leads_somewhere(path):
    page = (PAGES | OTHERS)[path]
    for link in links(page):
        address, _, anchor = link.partition("#")
        target = (path.parent / address).resolve() if address else path
        assert target.is_relative_to(ROOT), link
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target.read_text()), link


@pytest.mark.parametrize("name", BLOCKS)
def test_the_tables_between_markers_are_in_the_committed_pages(name):
    _, text = marked(name)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) > 5
    committed = (ROOT / "results" / BLOCKS[name]).rglob("*.md")
    assert set(rows) <= {line for page in committed for line in page.read_text().splitlines()}


def test_the_readme_shows_the_table_and_a_figure_of_the_committed_report():
    path, text = marked("results")
    assert path.name == "README.md"
    assert len([line for line in text.splitlines() if line.startswith("|")]) > 10
    [picture] = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert picture.startswith("results/report/main/figures/")
    assert (ROOT / picture).exists()


@pytest.mark.long
def test_a_committed_report_is_what_the_committed_records_give(tmp_path, drawn_once):
    name = "course-problem-types"
    found = verify(name, ROOT / "results")  # CI verifies all
    assert (found.mismatch, found.unverified) == (None, ())
    shutil.copytree(ROOT / "results" / "records" / name, tmp_path / "records" / name)
    fresh = write_report(name, tmp_path)
    committed = ROOT / "results" / "report" / name
    drawn = list((fresh.parent / "figures").iterdir())
    assert {path.stem for path in drawn} == {path.stem for path in (committed / "figures").iterdir()}
    assert all(path.stat().st_size > 5000 for path in drawn if path.suffix == ".svg")


def test_the_plug_ins_of_the_pages_are_those_that_are_checked():
    names = [re.search(r'"(\w+)", version=1', block)[1] for block in blocks("python") if "version=1" in block]
    assert sorted(names) == sorted(PLUG_INS)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long if name == "relu_rnn" else ()) for name in PLUG_INS]
)
def test_the_plug_ins_of_the_pages_keep_the_contract(name, tmp_path):
    from benchbench.contract import assert_contract

    [block] = [block for block in blocks("python") if f'"{name}", version=1' in block]
    file = tmp_path / "plugin.py"
    file.write_text(block)
    [plugin] = registry.registered(registry.load_file(file))
    assert_contract(plugin)


def test_every_python_block_can_be_read():
    for block in blocks("python"):
        compile(block, "a page", "exec")


def test_the_studies_of_the_pages_are_valid(tmp_path):
    file, trials = tmp_path / "study.toml", {}
    for block in blocks("toml"):
        if block.startswith("name = "):
            file.write_text(block)
            study = read(file)
            assert study.name not in trials
            trials[study.name] = len(study.trials(registry.load()))
    assert trials == STUDIES


def test_nothing_committed_holds_a_path_of_a_machine():
    files = [*PAGES, *OTHERS, *ROOT.glob("results/**/*.jsonl"), *ROOT.glob("results/**/*.md")]
    pattern = re.compile(r"/(?:home|root|tmp|Users|work)/[A-Za-z]")
    assert not [file.name for file in files if pattern.search(file.read_text())]
