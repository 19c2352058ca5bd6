"""The page of a report in a browser: it draws, sorts, filters, slides, and says where a number comes from.

After each test the browser must not have complained.
"""

import re
from itertools import pairwise, product

import numpy as np
import pytest

from benchbench.core.spec import Budget

pytestmark = [pytest.mark.browser, pytest.mark.drawn]
EVIL = '<b id="evil">x</b></script>'
ENTER, ESCAPE, DOWN = "\ue007", "\ue00c", "\ue015"
ROWS = "[...document.querySelectorAll('.short .below tbody tr')]"
LINES = "[...document.querySelectorAll('[data-chart=curves] .mark-line path')]"


@pytest.fixture
def toy(written, grid):
    """Two tasks at two lengths."""
    return written("grid", lambda: grid(seeds=2, names=("rnn", "gru", "linear", "mean")))


@pytest.fixture
def classes(written, classified):
    """A classification, one of whose tasks has a name that would end a script."""

    def make():
        for path, name, seed in product((EVIL, "b"), ("gru", "lstm"), range(3)):
            true = [float(i % 3) for i in range(30)]
            samples = {"first": {"true": true, "predicted": true[::-1], "score": 0.4}}
            curve = [(n, n * 0.01, 0.2 + (name == "gru") / n, None) for n in range(10, 101, 10)]
            facts = {"task_options": {"path": path}, "samples": samples, "curve": curve}
            yield classified(name, seed, score=0.8 + 0.1 * (name == "gru") + 0.01 * seed, **facts)

    return written("classes", make)


@pytest.fixture
def ladder(written, record):
    """A study with a ladder of updates."""

    def make():
        for updates in (10, 100, 1000):
            rung = Budget(name=f"ladder-{updates}", width=8, updates=updates)
            for name in ("rnn", "gru"):
                for seed in range(2):
                    yield record(name, seed, budget=rung, mse=(name == "rnn") + (1 + seed) / updates + 0.01)

    return written("ladder", make)


def choose(page, name):
    page.run(
        "[...document.querySelectorAll('.lead .chip')].find((one) => one.dataset.name === arguments[0]).click()", name
    )


def select(page, control, value):
    page.run(
        "const list = document.querySelector(`select[data-control=${arguments[0]}]`);"
        "list.value = arguments[1]; list.dispatchEvent(new Event('change', {bubbles: true}));",
        control, value,
    )  # fmt: skip


def slide(page, name, value):
    page.run(
        "const slider = document.getElementById(arguments[0]);"
        "slider.value = arguments[1]; slider.dispatchEvent(new Event('input', {bubbles: true}));",
        name, value,
    )  # fmt: skip


@pytest.mark.parametrize("size", ["wide", "narrow"])
@pytest.mark.parametrize("which", ["main", "toy", "classes", "ladder"])
def test_a_page_draws_without_a_complaint_or_a_request_and_fits_the_screen(which, size, page, request):
    file = request.getfixturevalue(which)
    one = page(file, size)
    assert one.asked() == [file.as_uri()]
    assert one.run("return document.documentElement.scrollWidth") == one.run("return innerWidth")
    assert one.run("return document.querySelectorAll('.lead svg path').length") > 3
    empty = one.run(
        "return [...document.querySelectorAll('.chart')].filter((one) => !one.closest('[hidden]'))"
        ".filter((one) => !one.querySelector('.drawn svg path')).map((one) => one.dataset.chart)"
    )
    assert empty == []


def test_a_column_is_sorted_by_its_numbers_by_mouse_and_by_keyboard(page, main):
    one = page(main)
    head = "document.querySelectorAll('.short .below table thead th')[5]"
    values = f"return {ROWS}.map((row) => parseFloat(row.cells[5].innerText))"
    one.run(f"{head}.querySelector('button').click()")
    assert one.run(f"return {head}.getAttribute('aria-sort')") == "ascending"
    up = one.run(values)
    assert up == sorted(up)
    assert up[0] < 1e-10
    assert up[-1] > 0.1
    one.run(f"{head}.querySelector('button').focus()")
    one.press(ENTER)
    assert one.run(f"return {head}.getAttribute('aria-sort')") == "descending"
    assert one.run(values) == up[::-1]
    assert one.run(f"return [...{head}.parentElement.cells].filter((c) => c.ariaSort !== 'none').length") == 1


def test_a_sorted_row_keeps_the_task_that_stood_above_it(page, main):
    one = page(main)
    one.run("document.querySelectorAll('.short .below table thead th button')[1].click()")
    first = one.texts(".short .below tbody tr th")
    assert len(first) == 15
    assert set(first[:5]) == {"cosine", "ecg", "mackey_glass (horizon=1)", "mackey_glass (horizon=15)", "noisy_sine"}


def test_the_filter_leaves_the_rows_with_all_its_words(page, main):
    one = page(main)
    one.run("document.getElementById('filter').focus()")
    one.press("ecg esn")
    rows = one.run(f"return {ROWS}.filter((row) => row.offsetParent).map((row) => row.innerText)")
    assert len(rows) == 3
    assert all("ecg" in row and "esn" in row for row in rows)


def test_the_slider_shows_the_losses_at_another_point_of_the_curves(page, main):
    one = page(main)
    before, after = one.redrawn("now", lambda: slide(one, "at", 5))
    assert before != after
    assert re.match(r"0\.6\d* s of the fit \(1[23] %\)", one.texts("#spent")[0])
    table = "[...document.querySelectorAll('[data-chart=now] tbody tr')]"
    rows = dict(one.run(f"return {table}.map((row) => [...row.cells].map((cell) => cell.textContent))"))
    slide(one, "at", 40)
    one.until("document.querySelector('#spent').textContent.includes('100 %')")
    one.until("!document.querySelector('[data-chart=now] tbody').textContent.includes(arguments[0])", rows["lstm"])


def test_the_slider_over_the_rungs_chooses_the_budget(page, ladder):
    one = page(ladder)
    assert one.texts("#rung-at") == ["1,000 updates"]
    before, after = one.redrawn("cost", lambda: slide(one, "rung", 0))
    assert before != after
    assert one.texts("#rung-at") == ["10 updates"]
    assert one.run("return document.querySelector('select[data-control=budget]').value") == "ladder-10"


def test_a_task_that_is_chosen_here_is_chosen_everywhere(page, toy):
    one = page(toy)
    charts = ("cost", "length", "curves", "predictions")
    before = [one.drawn(chart) for chart in charts]
    one.redrawn("predictions", lambda: select(one, "task", "mackey_glass"))
    lists = "[...document.querySelectorAll('select[data-control=task]')]"
    assert one.run(f"return {lists}.map((list) => list.value)") == ["mackey_glass", "mackey_glass"]
    one.until("document.querySelector('[data-chart=predictions]').dataset.ready > 1")
    assert all(a != b for a, b in zip(before, [one.drawn(chart) for chart in charts], strict=True))


@pytest.mark.parametrize("act", ["chip", "row", "mark"])
def test_choosing_a_competitor_shows_its_curve_and_its_predictions(act, page, toy):
    one = page(toy)

    def acted():
        if act == "chip":
            choose(one, "rnn")
        elif act == "row":
            rows = "[...document.querySelectorAll('#tasks-cosine tbody tr')]"
            row = f"{rows}.find((row) => row.cells[0].textContent === 'rnn')"
            one.run(f"document.getElementById('tasks-cosine').open = true; {row}.cells[1].click()")
        else:
            mark = "[...document.querySelectorAll('[data-chart=cost] .mark-symbol path')]"
            one.run(
                f"const at = {mark}.find((p) => p.getAttribute('aria-label').includes('rnn')).getBoundingClientRect();"
                "const svg = document.querySelector('[data-chart=cost] svg');"
                "const hit = document.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2);"
                "hit.dispatchEvent(new MouseEvent('click', {bubbles: true, clientX: at.x + 4, clientY: at.y + 4}));"
            )

    one.redrawn("predictions", acted)
    assert one.texts("[data-chart=predictions] .caption")[0].startswith("rnn, one seed")
    assert one.texts(".lead .chip[aria-pressed=true]") == ["rnn"]
    one.until(f"{LINES}.some((path) => path.getAttribute('opacity') === '0.18')")
    strong = one.run(f"return {LINES}.filter((path) => path.getAttribute('opacity') !== '0.18').length")
    assert strong == 1
    assert one.run("return document.querySelectorAll('tr.mine').length") > 0


def test_a_number_that_has_the_focus_says_which_records_it_comes_from(page, main):
    one = page(main)
    one.run("document.querySelector('.short .below td[data-s]').focus()")
    said = one.until("!document.getElementById('source').hidden && document.getElementById('source').innerText")
    assert "From 5 records, seeds 0, 1, 2, 3, 4, of amd-epyc-2-cores.jsonl" in said
    keys = re.findall(r"\b[0-9a-f]{12}\b", said)
    assert len(keys) == 5
    one.press(DOWN)
    moved = one.until("document.getElementById('source').innerText")
    assert not set(keys) & set(re.findall(r"\b[0-9a-f]{12}\b", moved))
    one.press(ESCAPE)
    assert one.run("return document.getElementById('source').hidden")


def test_the_keys_that_a_number_names_are_those_of_its_records(page, main):
    one = page(main)
    from benchbench.report.frame import load

    frame = load("main", main.parents[2])
    frame = frame[(frame["task"] == "ecg") & (frame["architecture"] == "esn") & (frame["length"] == 100)]
    frame = frame[frame["budget"] == "equal-seconds"]
    one.run("[...document.querySelectorAll('.short .below tbody tr')][3].querySelector('td[data-s]').focus()")
    said = one.until("!document.getElementById('source').hidden && document.getElementById('source').innerText")
    assert set(re.findall(r"\b[0-9a-f]{12}\b", said)) == {key[:12] for key in frame["key"]}
    assert np.isclose(frame["test_score"].median(), 0.259, atol=5e-4)


def test_colours_follow_the_system_then_the_button_and_are_remembered(page, toy):
    one = page(toy, colours="dark")
    dark = "getComputedStyle(document.body).backgroundColor"
    assert one.run(f"return {dark}") == "rgb(20, 23, 26)"
    line = "document.querySelector('[data-chart=cost] .mark-symbol path').getAttribute('fill')"
    by_night = one.run(f"return {line}")
    one.redrawn("cost", lambda: one.run("document.getElementById('theme').click()"))
    assert one.run(f"return {dark}") == "rgb(251, 251, 250)"
    assert one.run(f"return {line}") != by_night
    again = page(toy, colours="dark")
    assert again.run("return document.documentElement.dataset.theme") == "light"


def test_markup_in_a_name_is_shown_as_text_everywhere(page, classes):
    one = page(classes)
    assert one.run("return document.getElementById('evil')") is None
    assert f"digits (path={EVIL})" in one.texts("select[data-control=task] option")
    assert f"digits (path={EVIL})" in one.texts("details.page h3")
    select(one, "task", f"digits (path={EVIL})")
    one.run("document.querySelector('.short .below td[data-s]').focus()")
    assert "From 3 records" in one.until("document.getElementById('source').innerText")


def test_a_link_to_a_task_opens_its_page(page, main):
    one = page(main)
    one.run("location.hash = 'tasks-ecg'")
    assert one.until("document.getElementById('tasks-ecg').open")


def test_on_paper_sections_are_open_controls_are_hidden_and_no_table_is_cut_off(page, main):
    one = page(main, colours="dark")
    width = 917  # of A4 without its margins, 688 pixels, into which Chromium prints 4/3 as many
    paper = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    one.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", paper)
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    one.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": dark})
    one.run("dispatchEvent(new Event('beforeprint'))")
    assert one.run("return [...document.querySelectorAll('details.page')].every((page) => page.open)")
    shown = "[...document.querySelectorAll('.bar, select, input')].filter((one) => one.offsetParent).length"
    assert one.run(f"return {shown}") == 0
    edges = "[...document.querySelectorAll('main table')].map((table) => table.getBoundingClientRect().right)"
    assert max(one.run(f"return {edges}")) <= width
    assert one.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert one.run("return getComputedStyle(document.querySelector('.drawn svg')).filter").startswith("invert(1)")


def test_the_page_has_landmarks_headings_in_order_and_names_for_all_that_is_used(page, main):
    one = page(main)
    tags = one.run("return [...document.querySelectorAll('h1,h2,h3,h4,h5')].map((heading) => heading.tagName)")
    levels = [int(tag[1]) for tag in tags]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    nameless = one.run(
        "return [...document.querySelectorAll('button,select,input,svg[role=img],figure img')]"
        ".filter((one) => !one.ariaLabel && !one.alt && !one.labels?.length && !one.textContent.trim())"
        ".filter((one) => !one.closest('label')).map((one) => one.outerHTML.slice(0, 80))"
    )
    assert nameless == []
    assert one.run("return document.querySelectorAll('main, nav, header, footer').length") == 4
    assert one.run("return document.querySelectorAll('thead th:not([scope]), tbody th:not([scope])').length") == 0
