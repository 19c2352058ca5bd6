import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchbench.report.write as module
from benchbench.core.errors import InputError
from benchbench.core.objective import Metric, Objective
from benchbench.core.record import Environment
from benchbench.report.figures import catalogue
from benchbench.report.frame import load
from benchbench.report.write import write_report

pytestmark = pytest.mark.long

SMALL = {"tasks": ("cosine",), "lengths": (100,), "names": ("gru", "esn", "linear")}


@pytest.fixture
def text(stored):
    """All pages of some records, the front page first."""

    def written(records):
        page = write_report("toy", stored(records))
        others = sorted(file for file in page.parent.rglob("*.md") if file != page)
        return "\n".join(file.read_text(encoding="utf-8") for file in (page, *others))

    return written


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.mark.drawn
def test_the_page_its_figures_and_tables_are_written(stored, grid):
    results = stored(grid())
    page = write_report("toy", results)
    assert page == results / "report" / "toy" / "report.md"
    kinds = ["score_by_length", "time_by_length", "memory_by_length", "score_by_time", "learning_curves"]
    stems = [f"{kind}-equal-updates" for kind in kinds]
    stems += [f"predictions-equal-updates-{task}" for task in ("cosine", "mackey_glass")]
    names = {path.name for path in (page.parent / "figures").iterdir()}
    assert names == {f"{stem}.{kind}" for stem in stems for kind in ("png", "svg", "pdf")}
    assert all(path.stat().st_size > 5000 for path in (page.parent / "figures").iterdir())
    tables = {path.stem for path in (page.parent / "tables").iterdir()}
    assert tables == {"answers", "errors", "costs", "groups", "option_sets", "failures", "pairs", "across_tasks"}


def test_every_link_of_every_page_leads_to_a_file(stored, grid):
    page = write_report("toy", stored(grid()))
    pages = [page, *(page.parent / "tasks").iterdir()]
    links = [file.parent / link for file in pages for link in re.findall(r"\]\(([^)]+)\)", file.read_text())]
    assert len(links) == 3 * 7 + 2 * 3  # figures, and the ways to the tasks and back
    assert all(link.is_file() for link in links)


@pytest.mark.parametrize(("tasks", "said"), [(9, "too few tasks (9; at least 10 are needed)"), (10, "| rnn     | gru")])
def test_competitors_are_compared_over_all_tasks_if_there_are_ten(text, record, tasks, said):
    scatter = np.random.default_rng(0).lognormal(sigma=0.1, size=tasks)
    made = [
        record(name, 0, task=f"task{i}", mse=mse * (factor if name == "rnn" else 1.0))
        for name, mse in (("rnn", 0.3), ("gru", 0.1))
        for i, factor in enumerate(scatter)
    ]
    page = text(made)
    assert said in page
    assert ("**gru is better**" in page) == (tasks == 10)


@pytest.mark.drawn
def test_the_same_records_give_the_same_bytes_in_any_order_and_place(stored, grid, tmp_path):
    records = grid(**SMALL, seeds=2)
    first = contents(write_report("toy", stored(records)).parent)
    again = contents(write_report("toy", stored(records)).parent)
    np.random.default_rng(1).shuffle(records)
    elsewhere = contents(write_report("toy", stored(records, tmp_path / "other" / "place")).parent)
    assert first == again == elsewhere


def test_the_tables_hold_the_numbers_of_the_records(stored, grid):
    results = stored(grid())
    page = write_report("toy", results)
    errors = pd.read_csv(page.parent / "tables" / "errors.csv")
    row = errors.query("variant == 'cosine' and architecture == 'gru' and length == 200").iloc[0]
    scores = load("toy", results).query("task == 'cosine' and architecture == 'gru' and length == 200")["test_mse"]
    assert [row["mse"], row["mse_min"], row["mse_max"]] == [np.median(scores), scores.min(), scores.max()]
    assert (
        f"{np.median(scores):#.3g} ({scores.min():#.3g}..{scores.max():#.3g})"
        in (page.parent / "tasks" / "cosine.md").read_text()
    )


def test_budget_machine_and_versions_take_three_lines(text, grid):
    lines = text(grid()).splitlines()
    assert lines[0] == "# toy"
    start = lines.index("## What was run")
    assert lines[start + 2] == "- **Budget:** `equal-updates`: at most 10,000 parameters, 1,000 updates, batch 64."
    assert lines[start + 3].startswith("- **Machine:** toy-cpu-2-cores, Toy CPU, 2 cores, 8 GiB of memory, device cpu")
    assert lines[start + 4].startswith(
        "- **Versions:** benchbench 0.1.0, torch 2.5.0, numpy 2.1.0, python 3.11.9, commit 0123456789"
    )


def test_the_front_page_has_the_answer_one_table_and_one_figure_first(stored, grid):
    lines = write_report("toy", stored(grid())).read_text().splitlines()
    kinds = [line[:1] for line in lines[: lines.index("## What was run")] if line and not line.startswith("|:")]
    first = [kind for i, kind in enumerate(kinds) if kind not in "|-" or kinds[i - 1] != kind]
    # title, In short, a sentence, a sentence a task, a table, a figure, its caption
    assert first[:7] == ["#", "#", "N", "-", "|", "!", "*"]
    assert len(lines) < 90


def test_only_a_competitor_that_is_better_than_every_other_is_bold(text, record):
    def page(*rival):
        scores = {"gru": [0.100, 0.101, 0.099], "rnn": rival, "linear": [0.3, 0.31, 0.3]}
        return text([record(name, seed, mse=mse) for name, values in scores.items() for seed, mse in enumerate(values)])

    clear, open_, tie = page(0.2, 0.202, 0.199), page(0.2, 0.11, 0.4), page(0.1005, 0.1005, 0.0995)
    assert "**0.100**" in clear
    assert re.search(r"\| gru +\| better than every other +\| 3 +\|", clear)
    assert "**0.100**" not in open_
    assert re.search(r"\| gru +\| open against rnn +\| 3 +\|", open_)
    assert "**0.100**" not in tie
    assert re.search(r"\| gru +\| tie with rnn +\| 3 +\|", tie)


def test_the_page_of_a_task_has_rank_groups_and_the_pairs_of_the_best_median(text, record):
    scores = {"gru": [0.1, 0.101, 0.099], "rnn": [0.2, None, 0.199], "linear": [0.3, 0.33, 0.3]}
    made = [
        record(name, seed, mse=mse) if mse else record(name, seed, status="diverged")
        for name, values in scores.items()
        for seed, mse in enumerate(values)
    ]
    task = text(made)
    task = task[task.index("# toy: mackey_glass") :]
    assert re.search(r"\| gru .*\| +1 \|\n\| \*linear\* .*\| +[23] \|", task)
    effect, won = r"× 0\.323 \(0\.2\d+\.\.0\.3\d+\)", r"100 \(29\.\.100\)"
    assert re.search(rf"\| gru +\| linear +\| +{effect} \| +{won} \| +3 \| +\| +0\.00\d+ \| +\*\*better\*\* \|", task)
    assert re.search(rf"\| gru +\| rnn +\| +× [^|]* \| +{won} \| +2 \| +1 \|", task)


def test_the_page_names_a_network_that_does_not_beat_linear(text, record):
    scores = {"gru": 0.5, "linear": 0.1, "persistence": 0.9, "mean": 1.0}
    scatter = np.random.default_rng(0).lognormal(sigma=0.01, size=(4, 3))
    made = [
        record(name, seed, mse=mse * factor)
        for (name, mse), row in zip(scores.items(), scatter, strict=True)
        for seed, factor in enumerate(row)
    ]
    page = text(made)
    said = (
        "**no network is better than** `linear`: **gru is worse**; every network is better than `mean` and "
        "`persistence`."
    )
    assert f"- mackey_glass: {said}" in page
    assert re.search(r"\| mackey_glass \| 100 +\| \*linear\* \(baseline\) \| better than every other", page)
    assert "*linear* (baseline) is better than every other on mackey_glass." in page


def test_the_page_names_missing_baselines_and_left_out_records(text, record):
    page = text([record(), record("rnn", versions={"task": 1, "architecture": 2}), record("rnn")])
    assert "This study has no baseline" in page
    assert "Left out: 1 record of an older version" in page


def test_failures_are_listed_and_cannot_break_the_page(text, record):
    message = "shape (3|4) <b>\n![x](y) `z`"
    failed = [record("rnn", seed, status="failed", message=message) for seed in (1, 3)]
    page = text([record(seed=seed) for seed in range(4)] + failed)
    row = next(line for line in page.splitlines() if "shape" in line)
    assert r"shape (3\|4) &lt;b&gt; !\[x\](y) \`z\`" in row
    assert row.endswith("| 1 and 3 |")
    assert "failed 2/2" in page


def test_the_table_of_failures_has_all_digits(stored, record):
    page = write_report("toy", stored([record(status="timeout", message="a\nb, c")]))
    row = pd.read_csv(page.parent / "tables" / "failures.csv").iloc[0]
    assert (row["status"], row["message"], row["seed"]) == ("timeout", "a\nb, c", 0)


def test_parts_of_the_test_split_are_side_by_side(text, record):
    parts = {"low": {"mse": 0.125, "r2": 0.9}, "high": {"mse": 0.5, "r2": None}}
    page = text([record(name, groups=parts) for name in ("gru", "rnn")])
    assert re.search(r"\| architecture +\| +high \| +low \|\n.*\n\| rnn +\| +0.500 \| +0.125 \|", page)


def test_the_page_gives_the_number_of_option_sets_and_the_choice(text, record):
    options = [record(options={"rate": rate}, valid=rate) for rate in (0.1, 0.2)]
    page = text([*options, record("rnn")])
    assert re.search(r"\| gru +\| 2 +\| rate=0.1 \(1 of 1\) +\|", page)
    assert re.search(r"\| rnn +\| 1 +\| – +\|", page)
    assert "Every competitor ran with one option set (one combination of values of its options)." in text([record()])


@pytest.mark.drawn
@pytest.mark.parametrize("status", ["ok", "diverged", "unsupported", "over_budget"])
def test_a_single_record_makes_a_report(text, record, status):
    assert "## In short" in text([record(status=status)])


def test_a_study_in_which_all_failed_makes_a_report(text, grid):
    bare = [one.model_copy(update={"status": "failed", "scores": {}, "samples": {}, "curve": []}) for one in grid()]
    page = text([type(one).model_validate_json(one.model_dump_json(warnings=False)) for one in bare])
    assert "none finished on most seeds" in page
    assert "failed 3/3" in page


@pytest.mark.drawn
def test_almost_empty_records_make_a_report(text, record):
    hollow = record().model_copy(
        update={"environment": Environment(), "data": {}, "predict_seconds": [], "curve": [], "samples": {}}
    )
    partial = record("rnn", scores={"test_mse": 0.5, "valid_mse": None, "test_r2": None})
    page = text([hollow.model_copy(update={"spent": type(hollow.spent)()}), partial])
    assert "nan" not in page.casefold()


def test_many_competitors_variants_conditions_and_seeds_make_a_report(stored, record, budgets):
    records = [
        record(f"net-{i}", seed, task_options={"horizon": horizon}, budget=budget, device=device)
        for i in range(12)
        for seed in range(3)
        for horizon in (1, 15)
        for budget, device in zip(budgets, ("cpu", "other:0"), strict=True)
    ]
    page = write_report("toy", stored(records + [record("net-1", seed) for seed in range(200)]))
    assert "### equal-seconds, other:0" in page.read_text()
    assert (page.parent / "figures" / "predictions-equal-seconds-other-0-mackey_glass-horizon-15.png").exists()


def test_a_failure_midway_leaves_the_old_report_whole(stored, grid, monkeypatch):
    results = stored(grid(**SMALL, seeds=2))
    page = write_report("toy", results)
    before = contents(page.parent)

    def broken(*_):
        raise RuntimeError("disk full")

    monkeypatch.setattr(module, "pages", broken)
    with pytest.raises(RuntimeError, match="disk full"):
        write_report("toy", results)
    assert contents(page.parent) == before
    assert [path.name for path in (results / "report").iterdir()] == ["toy"]


def test_a_new_report_replaces_the_old_one_whole(stored, record):
    results = stored([record()])
    page = write_report("toy", results)
    (page.parent / "figures" / "stale.png").touch()
    write_report("toy", results)
    assert not (page.parent / "figures" / "stale.png").exists()
    assert [path.name for path in (results / "report").iterdir()] == ["toy"]


def test_a_study_without_records_writes_nothing(tmp_path):
    with pytest.raises(InputError):
        write_report("toy", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.drawn
def test_the_user_s_own_plot_settings_change_nothing(stored, record, monkeypatch):
    import matplotlib as mpl

    results = stored([record()])
    before = contents(write_report("toy", results).parent)
    with mpl.rc_context({"font.size": 20, "savefig.dpi": 50, "svg.hashsalt": "x", "lines.linewidth": 9}):
        assert contents(write_report("toy", results).parent) == before
        assert mpl.rcParams["font.size"] == 20


def test_a_report_needs_neither_torch_nor_scikit_learn_nor_a_plug_in(stored, record):
    code = (
        "import sys; from benchbench import write_report; write_report('toy', sys.argv[1]);"
        "print([name for name in ('torch', 'sklearn', 'scipy.stats', 'wfdb', 'matplotlib.pyplot',"
        " 'benchbench.core.registry', 'benchbench.run', 'benchbench.learn', 'benchbench.tasks',"
        " 'benchbench.architectures') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(stored([record()]))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_single_competitor_is_not_recommended(text, record):
    page = text([record(seed=seed) for seed in range(2)])
    assert "the only one" not in page
    assert re.search(r"\| task +\| length +\| architecture +\| +test MSE", page)


def test_one_length_makes_no_figure_against_length(stored, grid):
    page = write_report("toy", stored(grid(lengths=(100,))))
    assert not [path.name for path in (page.parent / "figures").iterdir() if "by_length" in path.name]


def test_a_classification_is_reported_by_its_own_metrics(stored, classified):
    scores = {"gru": (0.87, 0.88), "rnn": (0.74, 0.762)}
    made = [classified(name, seed, score=s) for name, both in scores.items() for seed, s in enumerate(both)]
    page = write_report("toy", stored(made))
    assert re.search(r"test balanced accuracy \| +log loss", page.read_text())
    assert re.search(
        r"\| digits \| 100 +\| gru +\| better than every other +\| 2 +\| +0.875 \| +0.500 \|", page.read_text()
    )
    task = (page.parent / "tasks" / "digits.md").read_text()
    assert re.search(r"\| gru +\| +\*\*0.875\*\* \(0.870..0.880\) \|", task)
    assert "> Undefined: AUROC in 4 trials of gru and rnn. One class is missing from the test split." in task
    assert "MSE" not in page.read_text() + task


@pytest.mark.drawn
def test_a_study_of_regression_and_classification_has_a_table_for_each(stored, record, classified):
    made = [make(name, seed) for make in (record, classified) for name in ("gru", "rnn") for seed in range(2)]
    page = write_report("toy", stored(made))
    assert re.search(r"\| +test MSE \| +R² \|", page.read_text())
    assert re.search(r"\| +test balanced accuracy \| +log loss \|", page.read_text())
    errors = pd.read_csv(page.parent / "tables" / "errors.csv").groupby("variant").first()
    assert errors.loc["digits", ["score", "balanced_accuracy"]].tolist() == [0.8, 0.8]
    assert np.isnan(errors.loc["digits", "mse"])
    assert errors.loc["mackey_glass", "primary"] == "mse"


def test_a_metric_of_a_third_party_is_ranked_and_shown(text, classified):
    objective = Objective("ours", "squared_error", {"hit_rate": Metric(lambda true, made: 1.0, "higher")}, "hit_rate")
    made = [
        classified(name, seed, objective=objective, scores={"valid_loss": 0.1, "test_hit_rate": rate})
        for name, rates in (("gru", (0.25, 0.26)), ("rnn", (0.615, 0.635)))
        for seed, rate in enumerate(rates)
    ]
    page = text(made)
    assert "test hit_rate" in page
    assert re.search(r"\| rnn +\| better than every other +\| 2 +\| +0.625 \|", page)


def test_a_test_split_that_differs_from_the_training_split_is_explained_at_the_table(text, record):
    scores = {"valid_mse": 1.0, "test_mse": 2.8, "test_nrmse": 1.0, "test_r2": 0.0}
    assert "The targets of the test split have a variance of 2.80" in text([record("mean", scores=scores)])
    assert "have a variance of" not in text([record()])


def test_the_variance_of_the_test_split_is_taken_trial_by_trial(text, record):
    variances = {0: 1.0, 1: 1.1, 2: 3.0}
    made = [
        record(name, seed, scores={"test_mse": mse, "test_nrmse": (mse / variances[seed]) ** 0.5, "valid_mse": mse})
        for name, errors in (("gru", (0.5, 0.1, 0.4)), ("rnn", (0.3, 0.6, 0.1)))
        for seed, mse in enumerate(errors)
    ]
    assert "have a variance of" not in text(made)
    assert "have a variance of 3" in text([one for one in made if one.trial.seed == 2])


def test_a_task_that_one_or_no_competitor_could_do_is_no_tie(text, record):
    scores = {"gru": (0.1, 0.101), "rnn": (0.2, 0.201)}
    made = [record(name, seed, mse=mse) for name, both in scores.items() for seed, mse in enumerate(both)]
    made += [record("gru", seed, task="cosine") for seed in range(2)]
    made += [record("rnn", seed, task="cosine", status="unsupported") for seed in range(2)]
    made += [record(name, seed, task="lorenz", status="diverged") for name in ("gru", "rnn") for seed in range(2)]
    page = text(made)
    only = "Only gru has a score on cosine. No competitor finished on most seeds on lorenz.\n"
    assert f"gru is better than every other on mackey_glass. {only}" in page


def test_only_the_options_that_differ_are_shown(text, record):
    options = [record(options={"leak": 0.5, "rate": rate}, valid=rate) for rate in (0.1, 0.2)]
    options += [record(options={"leak": 0.5, "rate": 0.4, "noise": 1}, valid=3)]
    assert re.search(r"\| gru +\| 3 +\| noise=default, rate=0.1 \(1 of 1\) +\|", text(options))


def test_cores_that_differ_from_those_in_the_machine_s_name_are_called_usable(text, record):
    assert "toy-16-cores, Toy CPU, 2 cores usable," in text([record(environment={"machine": "toy-16-cores"})])


def test_captions_speak_of_the_longest_window_where_there_are_several(text, grid):
    assert "longe" not in text(grid(lengths=(100,), seeds=1)).replace("stay valid longest", "")
    page = text(grid(seeds=1))
    assert "a larger marker means a longer window" in page
    assert "test values at the longest window" in page


def test_the_table_of_costs_names_the_kernels(stored, record):
    page = write_report("toy", stored([record(kernel="fused"), record("rnn", kernel="plain")]))
    assert re.search(r"\| gru .*\| +fused \|", (page.parent / "tasks" / "mackey_glass.md").read_text())
    costs = pd.read_csv(page.parent / "tables" / "costs.csv").set_index("architecture")
    assert costs["kernel"].to_dict() == {"gru": "fused", "rnn": "plain"}


def test_a_table_has_every_option_set_and_the_report_only_the_chosen_one(stored, record):
    made = [record(options={"rate": rate}, valid=valid, mse=valid) for rate, valid in ((1, 0.125), (2, 0.0625))]
    page = write_report("toy", stored(made))
    sets = pd.read_csv(page.parent / "tables" / "option_sets_all.csv")
    assert sets[["set", "chosen", "valid_choice"]].to_numpy().tolist() == [
        ['{"rate": 2}', True, 0.0625], ['{"rate": 1}', False, 0.125]
    ]  # fmt: skip
    assert "0.125" not in (page.parent / "tasks" / "mackey_glass.md").read_text()


def test_more_than_two_conditions_have_a_page_of_their_own(stored, record):
    page = write_report("toy", stored([record(device=device) for device in ("a", "b", "c")]))
    assert (
        "The answers and figures of the other 2 conditions have a [page of their own](conditions.md)."
        in page.read_text()
    )
    assert "### equal-updates, c" not in page.read_text()
    others = (page.parent / "conditions.md").read_text()
    assert "### equal-updates, c" in others
    assert "(figures/score_by_time-equal-updates-c.png)" in others
    assert "(figures/score_by_time-equal-updates-c.png)" not in page.read_text()


def test_a_classification_stays_one_if_its_first_seed_was_killed(stored, record, classified):
    killed = record(task="digits", status="failed", scores={}, samples={}, curve=[])
    page = write_report("toy", stored([killed, *(classified(seed=seed, score=0.875) for seed in (1, 2))]))
    assert re.search(r"test balanced accuracy \| +log loss", page.read_text())
    assert "0.875" in page.read_text()
    assert "MSE" not in page.read_text() + (page.parent / "tasks" / "digits.md").read_text()
    for table in (page.parent / "tables").iterdir():
        names = set(pd.read_csv(table).columns)
        assert not names & {"mse", "r2", "floor_mse", "nrmse", "valid_mse"}, table.name


@pytest.mark.parametrize(
    ("writer", "file"),
    [
        ((Path, "write_bytes"), "tables/answers.csv"),
        ((Path, "write_bytes"), "report.md"),
        ((catalogue, "save"), "figures/scores-equal-updates"),
    ],
)
def test_a_full_disk_names_the_file_and_keeps_the_earlier_report(writer, file, stored, grid, monkeypatch):
    results = stored(grid(**SMALL, seeds=1))
    earlier = contents(write_report("toy", results).parent)

    place, method = writer
    usual = getattr(place, method)

    def full(target, *rest, **options):
        if place is Path and not target.as_posix().endswith(file):
            return usual(target, *rest, **options)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(place, method, full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_report("toy", results)
    assert caught.value.filename == str(results / "report" / "toy" / file)
    assert contents(results / "report" / "toy") == earlier
    assert [path.name for path in (results / "report").iterdir()] == ["toy"]


def test_lines_that_were_changed_after_the_run_are_named_and_older_ones_counted(stored, grid):
    results = stored(grid(tasks=("cosine",), lengths=(100,), seeds=1))
    [file] = (results / "records" / "toy").glob("*.jsonl")
    lines = file.read_text().splitlines()
    lines[2] = lines[2].replace("3.11.9", "3.11.8")
    old = json.loads(lines[5])
    del old["checksum"]
    lines[5] = json.dumps({**old, "schema": 1})
    file.write_text("\n".join(lines) + "\n")
    page = write_report("toy", results).read_text()
    assert (
        "> Changed: 1 record does not match its checksum, so it was changed after the run: "
        "toy-cpu-2-cores.jsonl, line 3." in page.replace("\\", "")
    )
    assert "**Records:** 1 of 7 lines have no checksum, since an earlier version wrote them; a change" in page


def test_the_report_names_a_plug_in_file_that_had_several_contents(text, record):
    records = [record("mine", seed, files={"architecture": f"{seed:064x}", "task": "0" * 64}) for seed in range(2)]
    page = text([*records, record("gru")])
    assert (
        "> The file changed between records, which must therefore not be compared: architecture mine, version 1."
        in page
    )
