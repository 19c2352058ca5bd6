import re
import shutil
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

import benchbench.report.pitfalls as module
from benchbench.core.errors import InputError
from benchbench.core.pitfall import Panel, Pitfall, curve
from benchbench.report.pitfalls import draw, table, write_pitfalls


def pitfall(name="toy", **changes):
    panel = Panel(
        title="a",
        x_label="time (s)",
        y_label="error",
        log_y=True,
        curves=(
            curve("truth", range(60), [1.0] * 60, "reference"),
            curve("limit", (0, 59), (2, 2), "reference"),
            curve("few", (1, 2, 3), (0.1, float("nan"), 100)),
            curve("many", range(300), [1 + i for i in range(300)], "dots"),
        ),
    )
    other = panel.model_copy(update={"title": "b", "log_y": False, "curves": panel.curves[2:]})
    rows = ({"way": "good_one | x", "error": 0.012345}, {"way": "bad", "error": None})
    made = {"title": "Toy", "sentence": "It is *bad*.", "rows": rows, "panels": (panel, other)}
    return Pitfall(name=name, **{**made, **changes})


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.drawn
def test_the_page_its_figures_and_its_data_are_written(tmp_path):
    page = write_pitfalls([pitfall()], tmp_path)
    assert page == tmp_path / "pitfalls" / "pitfalls.md"
    assert set(contents(page.parent)) == {
        "pitfalls.md", "figures/toy.png", "figures/toy.svg", "figures/toy.pdf", "data/toy.json",
    }  # fmt: skip
    text = page.read_text()
    assert all((page.parent / link).is_file() for link in re.findall(r"\]\(([^)]+)\)", text))
    assert r"It is \*bad\*." in text
    assert re.search(r"\| good_one \\\| x \| +0.0123 \|\n\| bad +\| not finite \|", text)


@pytest.mark.long
@pytest.mark.drawn
def test_the_same_data_give_the_same_bytes(tmp_path):
    first = contents(write_pitfalls([pitfall("b"), pitfall("a")], tmp_path / "one").parent)
    assert first == contents(write_pitfalls([pitfall("a"), pitfall("b")], tmp_path / "two").parent)


def test_a_pitfall_that_is_shown_again_replaces_only_its_own_outcome(tmp_path):
    write_pitfalls([pitfall("a"), pitfall("b")], tmp_path)
    text = write_pitfalls([pitfall("b", title="Anew")], tmp_path).read_text()
    assert re.findall(r"^## (.*)$", text, flags=re.MULTILINE) == ["Toy", "Anew"]


def test_a_failure_midway_leaves_the_old_page_whole(tmp_path, monkeypatch):
    page = write_pitfalls([pitfall()], tmp_path)
    before = contents(page.parent)

    def broken(*_):
        raise RuntimeError("disk full")

    monkeypatch.setattr(module, "_section", broken)
    with pytest.raises(RuntimeError, match="disk full"):
        write_pitfalls([pitfall("other")], tmp_path)
    assert contents(page.parent) == before
    assert [path.name for path in tmp_path.iterdir()] == ["pitfalls"]


def test_the_message_names_data_that_cannot_be_read(tmp_path):
    page = write_pitfalls([pitfall()], tmp_path)
    (page.parent / "data" / "toy.json").write_text('{"name": "toy"}')
    with pytest.raises(InputError, match=r"toy\.json does not hold the data of a pitfall"):
        write_pitfalls([pitfall("other")], tmp_path)


def test_a_name_has_one_colour_in_all_panels_and_references_differ():
    figure = draw(pitfall())
    colours = [{line.get_label(): line.get_color() for line in axis.lines} for axis in figure.axes]
    assert colours[0]["few"] == colours[1]["few"] != colours[0]["many"]
    assert colours[0]["truth"] != colours[0]["limit"]
    assert [axis.get_yscale() for axis in figure.axes] == ["log", "linear"]
    assert {text.get_text() for text in figure.legends[0].texts} == {"truth", "limit", "few", "many"}


def test_the_committed_page_equals_the_page_made_from_the_committed_data(tmp_path):
    committed = Path(__file__).parent.parent.parent / "results" / "pitfalls"
    shutil.copytree(committed / "data", tmp_path / "pitfalls" / "data")
    fresh = write_pitfalls([], tmp_path).parent
    assert (fresh / "pitfalls.md").read_text() == (committed / "pitfalls.md").read_text()
    assert set(contents(fresh)) == set(contents(committed))


def test_numbers_have_three_digits():
    assert table(pitfall()) == (["way", "error"], [["good_one | x", "0.0123"], ["bad", "not finite"]])


def test_rows_of_different_columns_and_ragged_curves_are_refused():
    with pytest.raises(ValidationError, match="the rows differ"):
        pitfall(rows=({"a": 1}, {"b": 1}))
    with pytest.raises(ValidationError, match="2 values of x, but 1 of y"):
        curve("c", (1, 2), (1,))


@pytest.mark.long
def test_the_verb_shows_tables_and_the_page(tmp_path, monkeypatch, capsys):
    from benchbench import cli, pitfalls

    monkeypatch.setattr(pitfalls, "names", lambda: ["toy"])
    monkeypatch.setattr(pitfalls, "get", lambda name: pitfall)
    monkeypatch.setattr(sys, "argv", ["benchbench", "pitfalls", "--results", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert not end.value.code
    said = capsys.readouterr().out
    assert "0.0123" in said
    assert said.replace("\n", "").endswith(str(tmp_path / "pitfalls" / "pitfalls.md"))


def test_the_verb_helps_lists_and_refuses_unknown_names(cli, tmp_path):
    assert "benchbench pitfalls random_split" in cli("pitfalls", "--help").stdout
    assert "random_split" in cli("list", "pitfalls").stdout
    done = cli("pitfalls", "random")
    assert done.returncode == 2
    assert done.stderr.startswith("unknown pitfall 'random'; did you mean 'random_split'?")
    assert not (tmp_path / "results").exists()
