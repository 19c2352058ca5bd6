"""The findings of the course follow from the records: records that say the opposite change them."""

import re
from pathlib import Path

import pandas as pd
import pytest
from scipy.stats import binomtest

from benchbench.core.lines import sealed
from benchbench.report.analysis.csv import tables
from benchbench.report.analysis.study import gather
from benchbench.report.committed import Tables, joined
from benchbench.report.findings import EXERCISES
from benchbench.report.frame import read
from benchbench.statistics.intervals import wilson

RESULTS = Path(__file__).parents[2] / "results"


def shown(record):
    return record.trial.competitor or record.trial.architecture


def exchanged(records, one, other):
    """The same records, in which two competitors have exchanged their scores and free runs."""
    partner = {one: other, other: one}
    place = {(shown(r), r.trial.seed, str(r.trial.task_options), r.trial.length): r for r in records}
    for record in records:
        name, rest = shown(record), (record.trial.seed, str(record.trial.task_options), record.trial.length)
        found = place[partner.get(name, name), *rest]
        yield record.model_copy(update={"scores": found.scores, "free_run": found.free_run})


def multiplied(records, which, by, metrics=("test_mse", "test_loss")):
    """The same records, with the errors of these competitors multiplied, and the roots of errors accordingly."""
    factors = dict.fromkeys(metrics, by) | {
        name.replace("_mse", "_rmse"): by**0.5 for name in metrics if "_mse" in name
    }
    for record in records:
        by_name = factors if shown(record) in which else {}
        scores = {name: value * by_name[name] if name in by_name else value for name, value in record.scores.items()}
        yield record.model_copy(update={"scores": scores})


def without_gain(records):
    """The same records, in which signals that were clipped are forecast a hundredth as well."""
    for record in records:
        by = 0.01 if "clip" in record.trial.task_options["clean"] else 1
        scores = {**record.scores, "test_r2": by * record.scores.get("test_r2", 0)}
        yield record.model_copy(update={"scores": scores})


def told(study, folder, change=lambda records: records):
    """The finding of a study after its records were changed and its tables made again."""
    _, records = read(f"course-{study}", RESULTS)
    target = folder / "records" / f"course-{study}"
    target.mkdir(parents=True)
    (target / "toy.jsonl").write_bytes(b"".join(sealed(record) + b"\n" for record in change(records)))
    found = Tables(folder, f"course-{study}")
    found.folder.mkdir(parents=True)
    for file in Tables(RESULTS, found.study).folder.glob("extrapolation.csv"):  # of arrays that are not committed
        (found.folder / file.name).write_bytes(file.read_bytes())
    for name, table in tables(gather(found.study, *read(found.study, folder), folder)).items():
        table.to_csv(found.folder / f"{name}.csv", index=False)
    return EXERCISES[study].finding(found)


def test_the_tables_made_again_give_the_findings_of_the_committed_ones(tmp_path):
    assert told("names", tmp_path) == EXERCISES["names"].finding(Tables(RESULTS, "course-names"))


TRUE, SAMPLED = "rnn, true inputs", "rnn, scheduled sampling"
NETS = ("rnn 200", "rnn 2 x 500, sigmoid", "lstm 2 x 250", "dense 2 x 125, gru 2 x 250")
MANY = {"premature_by_patient": {"100": 1_000, "105": 2_000, "121": 500}}
OPPOSITES = {
    "esn-generator": (lambda rs: exchanged(rs, "esn", "linear"), r"MSE of the reservoir is (\w+)"),
    "noisy-sine": (
        lambda rs: exchanged(rs, "window on the time axis", "window on the feature axis"),
        r"on (\d) of 3 seeds it is lower on the time axis",
    ),
    "names": (lambda rs: exchanged(rs, "majority", "logistic"), r"\. ([^.]+) ha\w+ a higher share than"),
    "sine-generation": (lambda rs: exchanged(rs, TRUE, SAMPLED), r"At this budget the RNN's MSE is (\w+)"),
    "energies": (lambda rs: exchanged(rs, "rnn 200", "linear"), r"\. ([^.]+) ha\w+ a lower MSE than the linear"),
    "energies-standard": (lambda rs: multiplied(rs, NETS, 0.01), r"\. ([^.]+) ha\w+ a lower test MSE than"),
    "learned-state": (lambda rs: exchanged(rs, "gru", "gru, learned start"), r"learned initial state it is (.*?)\."),
    "mistakes": (lambda rs: exchanged(rs, "gru", "linear"), r"seems to have (.*?) times"),
    "pipeline": (without_gain, r"in the same way: (.*)\."),
    "ecg-beats": (lambda rs: [r.model_copy(update={"data": r.data | MANY}) for r in rs], r"interval from (.*?),"),
    "tuning": (
        lambda rs: multiplied(rs, {"rnn, tanh"}, 10, {"valid_mse", "valid_loss"}),
        r"learning rate of .* for the network \"(rnn, \w+)\"",
    ),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("study", OPPOSITES)
def test_records_that_say_the_opposite_reverse_the_sentence(study, tmp_path):
    change, claim = OPPOSITES[study]
    [before] = re.findall(claim, EXERCISES[study].finding(Tables(RESULTS, f"course-{study}")))
    [after] = re.findall(claim, told(study, tmp_path, change))
    assert after != before


def seen(folder, study, names, **columns):
    """The committed tables, and a table of the microscope with the same numbers for each competitor."""
    found = Tables(folder, f"course-{study}")
    found.folder.mkdir(parents=True)
    for file in Tables(RESULTS, found.study).folder.glob("*.csv"):
        (found.folder / file.name).write_bytes(file.read_bytes())
    rows = [{"architecture": name, "seed": 0, **columns} for name in names]
    pd.DataFrame(rows).to_csv(found.folder / "microscope.csv", index=False)
    return found


def test_the_reach_of_a_gradient_is_taken_from_the_microscope(tmp_path):
    names = ("uniform", "normal", "xavier", "kaiming", "orthogonal", "identity, relu", "reservoir, momentum")
    found = seen(tmp_path, "initialisation", names, steps_before=99, faded_before=7)
    table = found.table("microscope")
    assert "7 (uniform), 7 (normal)" in EXERCISES["initialisation"].finding(found)
    assert "With all initial weights it fades within 99 steps." in EXERCISES["initialisation"].finding(found)
    table.assign(faded_before=[None, *[40] * 6]).to_csv(found.folder / "microscope.csv", index=False)
    assert "With uniform the gradient does not fade within 99 steps." in EXERCISES["initialisation"].finding(found)


def test_eigenvalues_outside_the_unit_circle_are_counted_from_the_table(tmp_path):
    names = ("rnn", "lstm", "gru", "esn")
    found = seen(tmp_path, "microscope", names, outside_before=3, outside_after=0, units_after=24)
    assert "3 and 0 of 24 (rnn)" in EXERCISES["microscope"].finding(found)


@pytest.mark.parametrize(("hits", "examples"), [(0, 5), (9, 10), (39, 43), (500, 1_000)])
def test_the_interval_of_a_share_is_that_of_scipy(hits, examples):
    known = binomtest(hits, examples).proportion_ci(0.95, "wilson")
    assert wilson(hits / examples, examples) == pytest.approx((known.low, known.high), abs=2e-5)


def test_names_that_contain_a_comma_are_quoted():
    assert joined(["gru", "lstm"]) == "gru, lstm"
    assert joined(["rnn 2 x 500, sigmoid", "rnn 200"]) == '"rnn 2 x 500, sigmoid", rnn 200'
    assert joined([]) == "none"
