"""Comparisons of runs of pytest-benchmark: pairs, refused input, the page and the gate."""

import json
import math
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from benchbench.compare.change import ratio_of_rounds
from benchbench.compare.compare import compare, gate
from benchbench.compare.page import markdown
from benchbench.core.errors import InputError

START, MACHINE = "2026-01-01T00:00:00+00:00", {"node": "toy", "cpu": {"brand_raw": "Toy CPU", "count": 2}}


def noise(seed, n=60, spread=0.1, scale=1e-3):
    return scale * np.exp(np.random.default_rng(seed).normal(0, spread, n))


def one(name, rounds, **extra):
    return {"fullname": name, "extra_info": extra, "stats": {"data": list(rounds)}}


def run_of(*benchmarks, made=START, commit="unversioned", **machine):
    info = {**MACHINE, "python_version": "3.11.7", **machine}
    return {"machine_info": info, "commit_info": {"id": commit}, "benchmarks": list(benchmarks), "datetime": made}


@pytest.fixture
def write(tmp_path):
    """Write a text as it is, or anything else as JSON; returns the path."""

    def call(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return call


@pytest.fixture
def sides(write):
    """Two files with one benchmark each."""

    def call(a, b, **machine):
        return write("a.json", run_of(one("t", a))), write("b.json", run_of(one("t", b), **machine))

    return call


def test_a_file_that_pytest_benchmark_wrote_is_read(tmp_path):
    pytest.importorskip("pytest_benchmark")
    (tmp_path / "test_toy.py").write_text(
        "def test_toy(benchmark):\n"
        "    benchmark.extra_info['test_mse'] = 0.25\n"
        "    benchmark.pedantic(sum, ([1, 2],), rounds=9)\n"
    )
    options = ["-p", "no:cacheprovider", "-c", "none.ini", "--rootdir", ".", "--benchmark-json", "a.json"]
    (tmp_path / "none.ini").write_text("")
    lean = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "pytest_benchmark.plugin", "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-m", "pytest", *options]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    subprocess.run(command, cwd=tmp_path, env={**alone, **lean}, check=True, capture_output=True)
    path = str(tmp_path / "a.json")
    made = compare(path, path)
    [row] = made.rows
    assert (row.name, row.change.value, row.verdict) == (("test_toy.py::test_toy",), 1.0, "no difference seen")
    assert made.extras == {("test_toy.py::test_toy",): {"test_mse": (0.25, 0.25)}}


def test_one_run_on_each_side_is_compared_by_its_rounds(sides):
    a, b = noise(1), noise(2, scale=2e-3)
    made = compare(*sides(a, b))
    [row] = made.rows
    assert row.change == ratio_of_rounds(a, b)
    assert (row.a, row.b, row.verdict) == (np.median(a), np.median(b), "slower")
    assert compare(made.b.path, made.a.path).rows[0].verdict == "faster"


def test_a_wider_margin_removes_the_difference(sides):
    paths = sides(noise(1), noise(2, scale=1.2e-3))
    assert [compare(*paths, margin).rows[0].verdict for margin in (1.05, 1.3)] == ["slower", "no difference seen"]


def test_fewer_than_five_rounds_have_a_ratio_and_no_interval(sides):
    [row] = compare(*sides([1, 2, 3, 4, 5], [2, 4, 6, 8])).rows
    assert (row.change.value, math.isnan(row.change.low), row.verdict) == (5 / 3, True, "too few rounds")


def test_rounds_that_took_no_time_have_no_ratio(sides):
    assert compare(*sides([0, 1, 1, 1, 1], [1] * 5)).rows[0].verdict == "no ratio: 0 on one side"


def test_runs_are_paired_in_the_order_in_which_they_were_made_and_not_by_name(write, tmp_path):
    for day, a, b in ((1, 1.0, 2.0), (2, 10.0, 20.0), (3, 100.0, 200.0)):
        made = f"2026-01-0{day}T00:00:00+00:00"
        write(f"a/x/{day}.json", run_of(one("t", [a] * 5), made=made))
        write(f"b/{9 - day}.json", run_of(one("t", [b] * 5), made=made))
    made = compare(str(tmp_path / "a"), str(tmp_path / "b"))
    [row] = made.rows
    assert (row.a, row.b, row.verdict) == (10.0, 20.0, "slower")
    assert row.change == pytest.approx((2, 2, 2))
    assert "2026-01-01 to 2026-01-03" in markdown(made)


def test_two_runs_on_each_side_are_too_few_for_a_verdict(write, tmp_path):
    for side in "ab":
        for i in range(2):
            write(f"{side}/{i}.json", run_of(one("t", noise(i))))
    [row] = compare(str(tmp_path / "a"), str(tmp_path / "b")).rows
    assert row.verdict == "too few runs"


def test_sides_with_different_numbers_of_runs_are_refused(write, tmp_path):
    for name in ("a/1.json", "a/2.json", "b/1.json"):
        write(name, run_of(one("t", noise(1))))
    a, b = (str(tmp_path / side) for side in "ab")
    with pytest.raises(InputError, match=r"a holds 2 runs, .*b 1: run i of A is paired with run i of B"):
        compare(a, b)
    assert compare(f"{a}/1.json", b).a.unit == "rounds"


def test_benchmarks_of_one_side_are_named_and_runs_without_a_partner_are_counted(write, tmp_path):
    for i in range(4):
        lone = [one("removed", noise(9))] if i == 0 else []
        write(f"a/{i}.json", run_of(one("t", noise(i)), *lone))
        write(f"b/{i}.json", run_of(*([one("t", noise(i))] if i else []), one("new", noise(i))))
    made = compare(str(tmp_path / "a"), str(tmp_path / "b"))
    assert made.notes == (
        "In A only, 1 row: removed.", "In A only: 1 run of rows that both have.", "In B only, 1 row: new.",
    )  # fmt: skip
    assert len(made.rows) == 1


def test_further_recorded_values_have_a_table_of_their_own(write):
    facts = [
        {"test_mse": 0.5, "peak_bytes": 2**20, "parameters": 10, "note": "x"},
        {"test_mse": 0.25, "parameters": 10},
    ]
    paths = [
        write(f"{i}.json", run_of(one("t", noise(i), **extra), one("u", noise(i)))) for i, extra in enumerate(facts)
    ]
    made = compare(*paths)
    assert made.extras == {("t",): {"test_mse": (0.5, 0.25), "parameters": (10, 10)}}
    assert re.search(r"\| t +\| +0\.500 / 0\.250 \| +10 \|", markdown(made))


@pytest.mark.parametrize("machine", [{"node": "other"}, {"gpu": "Toy GPU"}, {"threads": 2}, {"cpu": {"count": 4}}])
def test_times_are_not_compared_across_machines(sides, machine):
    with pytest.raises(InputError, match=r"different machines: A: toy, Toy CPU, 2 CPUs; B: .*not compared across"):
        compare(*sides(noise(1), noise(2), **machine))


def test_a_folder_with_runs_of_several_machines_is_refused(write, tmp_path):
    for i in range(3):
        write(f"a/{i}.json", run_of(one("t", noise(i)), node=f"toy{i}"))
    with pytest.raises(InputError, match=r"a: runs of different machines: toy0, .*toy1, "):
        compare(str(tmp_path / "a"), str(tmp_path / "a"))


def test_runs_with_another_torch_or_commit_are_compared_with_a_note(write):
    a = write("a.json", run_of(one("t", noise(1)), torch="2.5.0", commit="a" * 40))
    b = write("b.json", run_of(one("t", noise(2)), torch="2.6.0", commit="b" * 40))
    head = markdown(compare(a, b)).splitlines()[:2]
    assert head[0].endswith("a.json, machine toy, Toy CPU, 2 CPUs, commit aaaaaaaaaa, torch 2.5.0, python 3.11.7, "
                            "2026-01-01, 1 run")  # fmt: skip
    assert "commit bbbbbbbbbb, torch 2.6.0" in head[1]


GOOD = run_of(one("t", [1.0] * 5))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("\x00", "not JSON"),
        ("[]", "not made by pytest-benchmark"),
        ({"commit_hash": "ab", "results": {}}, "`asv compare` reads it"),
        ({"benchmarks": [{"runs": []}], "metadata": {}}, "`pyperf compare_to` reads it"),
        ({**GOOD, "benchmarks": 3}, "benchmarks: Input should be a valid list"),
        ({**GOOD, "datetime": "x"}, "datetime: "),
        ({**GOOD, "benchmarks": []}, "it holds no benchmark"),
        (
            run_of({"fullname": "t", "stats": {"median": 1.0}}),
            "t: it has no rounds: make the file with --benchmark-json",
        ),
        (run_of(one("t", [])), "--benchmark-save-data"),
        (run_of(one("t", [1]), one("t", [1])), "t: the file has 2 benchmarks of this name"),
        (run_of(one("t", [1, math.nan])), "t: a round took nan s"),
        (run_of(one("t", [1, math.inf])), "t: a round took inf s"),
        (run_of(one("t", [1, -1.0])), "t: a round took -1.0 s"),
        (run_of(one("u", [1.0] * 5)), "nothing that can be compared. In A only, 1 row: t. In B only, 1 row: u."),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(write, content, said):
    a, bad = write("a.json", GOOD), write("bad.json", content)
    with pytest.raises(InputError) as error:
        compare(a, bad)
    assert "bad.json" in str(error.value)
    assert said in str(error.value)


def test_for_a_missing_path_the_message_gives_the_nearest_one(write, tmp_path):
    a = write("before.json", GOOD)
    with pytest.raises(
        InputError, match=r"befor.json: unknown file or folder 'befor.json'; did you mean 'before.json'"
    ):
        compare(a, str(tmp_path / "befor.json"))
    with pytest.raises(InputError, match="unknown file or folder 'x'"):
        compare(a, str(tmp_path / "none" / "x"))


def test_an_empty_folder_and_sides_of_different_kinds_are_refused(write, tmp_path, stored, grid):
    a = write("before.json", GOOD)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty: neither records"):
        compare(a, str(tmp_path / "empty"))
    with pytest.raises(InputError, match=r"before.json holds runs of pytest-benchmark and .* holds records"):
        compare(a, str(stored(grid())))


@pytest.mark.parametrize("margin", [0.9, math.nan, math.inf])
def test_a_margin_below_one_is_refused(margin):
    with pytest.raises(InputError, match="must be at least 1"):
        compare("a", "b", margin)


def test_the_page_counts_the_verdicts_and_writes_numbers_with_their_units(write):
    a = write("a.json", run_of(one("f.py::t[x|y]", [2e-6] * 5), one("u", [0.5] * 5), one("v", [3.0])))
    b = write("b.json", run_of(one("f.py::t[x|y]", [3e-6] * 5), one("u", [0.25] * 5), one("v", [6.0])))
    page = markdown(compare(a, b))
    assert "**3 rows:** 1 slower, 1 faster, 1 too few rounds." in page
    lines = [[part.strip() for part in line.split(" | ")] for line in page.splitlines() if "µs" in line or "ms" in line]
    assert lines[0][1:5] == ["2 µs", "3 µs", "1.500", "1.500 to 1.500"]
    assert lines[1][1:5] == ["500 ms", "250 ms", "0.500", "0.500 to 0.500"]
    assert r"f.py::t\[x\|y\]" in page
    assert "outside 0.833 to 1.2 (--margin)" in page
    assert "one run on each side" in page


def test_the_gate_names_rows_that_are_worse_and_above_the_ratio(write):
    a = write("a.json", run_of(*(one(name, [1.0] * 5) for name in "tuvw"), one("few", [1.0])))
    times = {"t": 1.5, "u": 1.1, "v": 0.5, "w": 1.0, "few": 9.0}
    b = write("b.json", run_of(*(one(name, [time] * (5 if name != "few" else 1)) for name, time in times.items())))
    made = compare(a, b)
    assert gate(made, 1.2) == (True, ["above 1.2: 1 row: t time 1.500", "not judged: 1 row"])
    assert gate(made, 1.5) == (False, ["not judged: 1 row"])


def test_a_gate_without_a_time_to_judge_is_refused(write):
    a, b = write("a.json", run_of(one("t", [1.0] * 3))), write("b.json", run_of(one("t", [9.0] * 3)))
    with pytest.raises(InputError, match=r"no time can be judged; a judgement needs 5 rounds or more on each side"):
        gate(compare(a, b), 1.2)


def test_the_gate_names_benchmarks_that_only_a_has(write):
    a = write("a.json", run_of(one("t", [1.0] * 5), one("u", [1.0] * 5)))
    b = write("b.json", run_of(one("t", [1.0] * 5), one("new", [1.0] * 5)))
    assert gate(compare(a, b), 1.2) == (False, ["in A only: 1 row: u"])


def test_runs_that_do_not_name_their_machine_are_refused(write):
    path = write("a.json", run_of(one("t", [1.0] * 5)) | {"machine_info": {}})
    with pytest.raises(InputError, match="does not name the machine"):
        compare(path, path)
