from html.parser import HTMLParser

import pytest

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
    strong,
    table,
)
from benchbench.report.render import html, markdown

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


def test_the_same_blocks_become_plain_html():
    text = html.render(Page("tasks/a", BLOCKS))
    for piece in (
        "<title>a &lt;study&gt;</title>",
        "<h1>a &lt;study&gt;</h1>",
        '<p>Plain, <strong>strong</strong>, <em>slanted</em>, <code>typed</code> and <a href="../b.html">away</a></p>',
        '<p class="note">Mind *this* &amp; that</p>',
        "<ul><li>one</li><li>two</li></ul>",
        '<th class="l">name</th><th>score</th>',
        '<td class="l">gru|x</td><td><strong>0.1</strong> (0..1)</td>',
        '<img src="../figures/plot.svg" alt="plot"><figcaption>What it shows.</figcaption>',
    ):
        assert piece in text


def test_the_html_closes_what_it_opens():
    class Nesting(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open = []

        def handle_starttag(self, tag, attrs):
            if tag not in {"meta", "img"}:
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    parser = Nesting()
    parser.feed(html.render(Page("report", BLOCKS)))
    assert parser.open == []


def test_an_empty_table_is_its_headers():
    page = Page("report", (table(["name", "score"], []),))
    assert "| name   | score   |" in markdown.render(page)
    assert "<tbody></tbody>" in html.render(page)


@pytest.mark.parametrize("renderer", [markdown, html])
def test_a_page_of_both_kinds_ends_in_one_newline(renderer):
    text = renderer.render(Page("report", BLOCKS))
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_our_own_sentences_mark_names_and_warnings():
    assert prose("Run `a b`, **now**,\n   please") == ("Run ", code("a b"), ", ", strong("now"), ", please")
