"""Tables for a paper: what a name holds is text, what is opened is closed, and the numbers are those of the report."""

import re

import pytest

from benchbench.report.page.blocks import Heading, Page, Text, emphasis, line, sourced, strong, table
from benchbench.report.page.front import pages as pages_of
from benchbench.report.page.pictures import Pictures
from benchbench.report.render import latex
from benchbench.report.render.latex import escaped
from benchbench.report.write import write_report

FROM = (("key", "machine"),)
SCORES = table(
    ["architecture", "test MSE", "rank group"],
    [
        [
            line(emphasis("linear"), " (baseline)"),
            *sourced([line(strong("1.87e-13"), " (1.8e-13..2e-05)")], FROM),
            "1",
        ],
        ["a_b & 50 % #1 $x$ \\input{y} ~^", "0.5†", "2"],
    ],
)
PAGES = [
    Page("report", (Heading(1, line("toy")), Heading(2, line("In short")), Text(line("All scores:")), SCORES)),
    Page("tasks/ecg", (Heading(1, line("toy: ecg")), SCORES, SCORES)),
]


def test_a_table_is_a_float_with_rules_a_caption_and_a_label():
    assert latex.render(PAGES)["report-in-short-all-scores.tex"] == (
        "% needs \\usepackage{booktabs} and \\usepackage{textcomp}\n"
        "\\begin{table}\n\\centering\n"
        "\\caption{toy, In short. All scores. Medians over seeds, with the lowest and the highest in brackets; "
        "bold is better than every other, and the rank group of an architecture is 1 plus the number of architectures "
        "that are better than it.}\n"
        "\\label{tab:report-in-short-all-scores}\n"
        "\\begin{tabular}{lrr}\n\\toprule\n"
        "architecture & test MSE & rank group \\\\\n\\midrule\n"
        "\\emph{linear} (baseline) & \\textbf{$1.87\\times10^{-13}$} "
        "($1.8\\times10^{-13}$--$2\\times10^{-5}$) & 1 \\\\\n"
        "a\\_b \\& 50 \\% \\#1 \\$x\\$ \\textbackslash{}input\\{y\\} \\textasciitilde{}\\textasciicircum{} & "
        "0.5\\dag{} & 2 \\\\\n"
        "\\bottomrule\n\\end{tabular}\n\\end{table}\n"
    )


def test_tables_of_one_name_are_numbered_and_one_document_shows_them_all():
    files = latex.render(PAGES)
    assert list(files) == ["tables.tex", "report-in-short-all-scores.tex", "ecg.tex", "ecg-2.tex"]
    assert re.findall(r"\\input\{(.*)\}", files["tables.tex"]) == list(files)[1:]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1e-05", r"$1\times10^{-5}$"),
        ("-2.5e+03 s", r"$-2.5\times10^{3}$ s"),
        ("horizon=1e3x", "horizon=1e3x"),
        (" (0.1..0.2)", " (0.1--0.2)"),
        ("µs, R², ≥ 3", r"\textmu{}s, R\textsuperscript{2}, $\geq$ 3"),
        ("\\", r"\textbackslash{}"),
        ("a\nb", "a b"),
    ],
)
def test_text_and_numbers_are_written_as_a_paper_has_them(text, written):
    assert escaped(text) == written


@pytest.mark.long
def test_the_tables_of_a_whole_report_balance_and_have_as_many_cells_as_columns(gathered, grid, record):
    odd = [record("gru", seed, task="odd", task_options={"path": "a_b{%$&"}) for seed in range(3)]
    odd += [record("rnn", 0, task="odd", task_options={"path": "\\}"}, status="failed", message="50 % {of} $x_1$")]
    numbers = gathered([*grid(tasks=("cosine",)), *odd])
    files = latex.render(
        pages_of(numbers, Pictures(), {name: f"tasks/{i}" for i, name in enumerate(set(numbers.cells["variant"]))})
    )
    assert len(files) > 8
    for name, text in files.items():
        bare = re.sub(r"\\[\\{}$&%#_]", "", re.sub(r"^%.*$", "", text, flags=re.MULTILINE))
        depth = [0]
        for sign in re.findall("[{}]", bare):
            depth.append(depth[-1] + (1 if sign == "{" else -1))
        assert min(depth) == 0, name
        assert depth[-1] == 0, name
        assert bare.count("$") % 2 == 0, name
        assert not re.search(r"[%#]|[^\x00-\x7f]", bare), name
        opened = re.findall(r"\\(begin|end)\{(\w+)\}", text)
        assert opened == [*opened[: len(opened) // 2], *(("end", of) for _, of in reversed(opened[: len(opened) // 2]))]
        [columns] = re.findall(r"\\begin\{tabular\}\{(\w+)\}", text) or [""]
        rows = [row for row in bare.splitlines() if "&" in row]
        assert {row.count("&") + 1 for row in rows} <= {len(columns)}, name


@pytest.mark.long
def test_the_option_adds_a_folder_and_the_report_stays_whole(stored, grid):
    results = stored(grid(tasks=("cosine",), lengths=(100,), seeds=2))
    folder = write_report("toy", results, tex=True).parent
    assert {"tables.tex", "cosine-scores-over-2-seeds.tex"} <= {file.name for file in (folder / "latex").iterdir()}
    assert "gru" in (folder / "latex" / "cosine-scores-over-2-seeds.tex").read_text()
    assert not (write_report("toy", results).parent / "latex").exists()
