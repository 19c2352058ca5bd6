from benchbench.report.page.blocks import (
    Bullets,
    Figure,
    Heading,
    Note,
    Page,
    Text,
    code,
    emphasis,
    line,
    link,
    prose,
    sourced,
    strong,
    table,
)
from benchbench.report.render import markdown

BLOCKS = (
    Heading(1, line("a <study>")),
    Text(
        line("Plain, ", strong("strong"), ", ", emphasis("slanted"), ", ", code("typed"), " and ", link("away", "b.md"))
    ),
    Note(line("Mind *this* & that")),
    Bullets((line("one"), line("two"))),
    table(["name", "score"], [["gru|x", line(strong("0.1"), " (0..1)")], ["rnn", "0.2"]]),
    Figure("plot", line("What it shows.")),
)


def test_blocks_become_markdown():
    assert markdown.render(Page("tasks/a", BLOCKS)) == (
        "# a &lt;study&gt;\n\n"
        "Plain, **strong**, *slanted*, `typed` and [away](../b.md)\n\n"
        "> Mind \\*this\\* &amp; that\n\n"
        "- one\n- two\n\n"
        "| name   |          score |\n|:-------|---------------:|\n"
        "| gru\\|x | **0.1** (0..1) |\n| rnn    |            0.2 |\n\n"
        "![plot](../figures/plot.png)\n\n*What it shows.* [SVG](../figures/plot.svg), [PDF](../figures/plot.pdf)\n"
    )


def test_an_empty_table_is_its_headers():
    assert "| name   | score   |" in markdown.render(Page("report", (table(["name", "score"], []),)))


def test_a_page_ends_in_one_newline():
    text = markdown.render(Page("report", BLOCKS))
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_markdown_does_not_name_the_trials_behind_a_number():
    asked = Page("report", (table(["name", "score"], [["gru", *sourced(["0.1"], (("key", "machine"),))]]),))
    assert markdown.render(asked) == markdown.render(Page("report", (table(["name", "score"], [["gru", "0.1"]]),)))


def test_our_own_sentences_mark_names_and_warnings():
    assert prose("Run `a b`, **now**,\n   please") == ("Run ", code("a b"), ", ", strong("now"), ", please")
