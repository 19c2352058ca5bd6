from benchbench.report.analysis.study import gather
from benchbench.report.frame import read
from benchbench.report.page.blocks import Bullets, Figure, Heading, Note, Table, Text
from benchbench.report.page.front import pages
from benchbench.report.page.pictures import Picture, Pictures
from benchbench.report.render import html, markdown


def made(stored, records, pictures=Pictures()):  # noqa: B008 (frozen)
    results = stored(records)
    return pages(gather("toy", *read("toy", results), results), pictures, {"mackey_glass": "tasks/mackey_glass"})


def test_a_page_is_made_of_blocks_without_markup(stored, grid):
    front, task = made(stored, grid(tasks=("mackey_glass",)))
    assert (front.path, task.path) == ("report", "tasks/mackey_glass")
    assert {type(block) for page in (front, task) for block in page.blocks} <= {
        Heading,
        Text,
        Note,
        Bullets,
        Table,
        Figure,
    }
    pieces = [
        piece for page in (front, task) for block in page.blocks if isinstance(block, Text) for piece in block.line
    ]
    assert not [piece for piece in pieces if isinstance(piece, str) and ("**" in piece or "](" in piece)]


def test_the_same_pages_are_rendered_as_markdown_and_as_html(stored, grid):
    pages = made(stored, grid(tasks=("mackey_glass",)))
    assert "[mackey_glass](tasks/mackey_glass.md)" in markdown.render(pages[0])
    assert '<details class="page" id="tasks-mackey-glass">' in html.render(pages)
    assert html.render(pages).count("<table>") == sum(
        isinstance(block, Table) for page in pages for block in page.blocks
    )


def test_a_figure_that_could_not_be_drawn_is_replaced_by_a_sentence(stored, record):
    lost = Picture("predictions", "task", "equal-updates", "mackey_glass", "x", "Never shown.", "The file is gone.")
    _, task = made(stored, [record()], Pictures((lost,)))
    assert Note(("The file is gone.",)) in task.blocks


def test_an_unfinished_study_says_so_before_anything_else(stored, grid):
    front, _ = made(stored, grid(tasks=("mackey_glass",))[:-1])
    assert isinstance(front.blocks[1], Note)
    assert front.blocks[1].line[0].startswith("Unfinished: 41 of 42 trials")
