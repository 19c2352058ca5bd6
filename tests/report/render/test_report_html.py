import json
import re
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
    sourced,
    strong,
    table,
)
from benchbench.report.render import html
from benchbench.report.render.html import Extras

WORDS = line("Plain, ", strong("strong"), ", ", emphasis("slanted"), ", ", code("typed"), " and ", link("away", "b.md"))
TRIAL = ("0123456789abcdef", "toy")
SCORES = [
    ["gru|x", *sourced([line(strong("0.1"), " (0..1)")], (TRIAL,))],
    ["", *sourced(["0.2"], (TRIAL, ("fedcba9876543210", "toy")))],
]
FRONT = (
    Heading(1, line("a <study>")),
    Heading(2, line("In short")),
    Text(WORDS),
    Note(line("Mind *this* & that")),
    Text(line("All scores:")),
    table(["name", "score"], SCORES),
    Bullets((line("one"), line("two"))),
    Heading(2, line("Empty")),
    Heading(2, line("Pictures")),
    Figure("plot", line("What it shows.")),
)
PAGES = [Page("report", FRONT), Page("b", (Heading(1, line("a <study>: b")), Text(line("On its own."))))]


def found(trial):
    return [trial[0][:12], 3, "gru|x", "sine", 100, "equal-updates", "toy.jsonl", "ok"]


def extras(**more):
    return Extras(**{"data": {"names": []}, "trials": found, "picture": lambda _: b"\x89PNG", **more})


def data(text):
    return json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', text, flags=re.DOTALL)[1])


class Nesting(HTMLParser):
    """Finds tags that are closed while another one is open, and collects ids and the links to them."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.ways = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        self.ids += [facts["id"]] if "id" in facts else []
        self.ways += [facts["href"]] if tag == "a" else []
        if tag not in {"meta", "img", "wbr", "link", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    "piece",
    [
        "<title>a &lt;study&gt;</title>",
        "<h1>a &lt;study&gt;</h1>",
        '<p>Plain, <strong>strong</strong>, <em>slanted</em>, <code>typed</code> and <a href="#b">away</a></p>',
        '<p class="note">Mind *this* &amp; that</p>',
        "<ul><li>one</li><li>two</li></ul>",
        "<caption>All scores:</caption>",
        '<th scope="col" class="l">name</th><th scope="col">score</th>',
        '<th scope="row" class="l">gru|x</th><td data-s="0"><strong>0.1</strong> (0..<wbr>1)</td>',
        '<th scope="row" class="l same">gru|x</th><td data-s="1">0.2</td>',
        '<img src="data:image/png;base64,iVBORw==" alt="What it shows."><figcaption>What it shows.</figcaption>',
        '<details class="page" id="b">\n      <summary><h3>b</h3></summary>',
    ],
)
def test_blocks_become_html(piece):
    assert piece in html.render(PAGES, extras())


@pytest.mark.parametrize("more", [None, extras()], ids=["blocks alone", "with charts"])
def test_the_html_closes_its_tags_and_its_links_have_targets(more):
    seen = Nesting(html.render(PAGES, more))
    assert seen.open == []
    assert len(set(seen.ids)) == len(seen.ids)
    assert {way[1:] for way in seen.ways if way.startswith("#")} <= set(seen.ids)


def test_a_heading_without_content_is_left_out():
    assert "Empty" not in html.render(PAGES)


def test_a_figure_that_a_chart_replaces_is_left_out():
    page = Page("report", (*FRONT, Figure("learning_curves-x", line("Curves."))))
    assert "Curves." not in html.render([page], extras())
    assert "Curves." in html.render([page])


def test_pictures_beyond_what_a_page_holds_are_linked():
    figures = tuple(Figure(f"big-{i}", line(f"The {i}th.")) for i in range(3))
    text = html.render([Page("report", (*FRONT, *figures))], extras(picture=lambda _: b"x" * 1_000_000))
    assert text.count("data:image/png") == 1  # plot; a second one of this size is too much
    assert 'The 2th. <a href="figures/big-2.png">figures/big-2.png</a>' in text


def test_each_number_names_its_trials():
    kept = data(html.render(PAGES, extras()))
    assert kept["sources"] == [[0], [0, 1]]
    facts = [[kept["words"][of] if i in {2, 3, 5, 6, 7} else of for i, of in enumerate(one)] for one in kept["trials"]]
    assert facts == [found(TRIAL), ["fedcba987654", *found(TRIAL)[1:]]]


def test_no_name_breaks_out_of_its_script():
    evil = "</script><script>alert(1)</script><!-- & \u2028"
    text = html.render([Page("report", (Heading(1, line(evil)),))], extras(data={"names": [evil]}))
    assert text.count("<script") == html.render(PAGES, extras()).count("<script")
    assert "alert(1)</script>" not in text
    assert data(text)["names"] == ["</script><script>alert(1)</script><!-- & \\u2028"]


def test_the_page_makes_no_network_request():
    text = html.render(PAGES, extras())
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!#|data:)[^"']*|url\((?!data:)|@import|fetch\(""", text)


def test_the_page_ends_in_one_newline_and_is_the_same_each_time():
    text = html.render(PAGES, extras())
    assert text.endswith("</html>\n")
    assert text == html.render(PAGES, extras())
