import numpy as np
import pytest

from benchbench import workloads
from benchbench.core.errors import InputError, UnsupportedError
from benchbench.core.record import Status
from benchbench.learn.readout import Rows
from benchbench.run.standalone import fitted, made

SMALL = {"length": 20, "batch": 8, "width": 6}
PREPARED = {
    "update": lambda: workloads.update("gru", **SMALL),
    "update of a reservoir": lambda: workloads.update("esn", **SMALL),
    "predict": lambda: workloads.predict("gru", **SMALL),
    "generate": lambda: workloads.generate("linear", **SMALL, steps=3),
    "data": lambda: workloads.data("noisy_sine", 20),
    "solve": lambda: workloads.solve(**SMALL),
    "report": lambda: workloads.report(lambda _study, _results: None, "study", "results"),
}


@pytest.mark.parametrize("prepare", PREPARED.values(), ids=PREPARED)
def test_the_device_is_waited_for_at_the_end_of_every_call(monkeypatch, prepare):
    waits = []
    monkeypatch.setattr(workloads, "synchronizer", lambda _: lambda: waits.append("wait"))
    work = prepare()
    assert [work(), work(), waits] == [None, None, ["wait", "wait"]]


def test_the_wait_comes_after_the_work(monkeypatch):
    events = []
    monkeypatch.setattr(workloads, "synchronizer", lambda _: lambda: events.append("wait"))
    workloads.report(lambda *_: events.append("written"), "study", "results")()
    assert events == ["written", "wait"]


def test_a_report_is_written_at_every_call():
    written = []
    work = workloads.report(lambda *place: written.append(place), "study", "results")
    work()
    work()
    assert written == [("study", "results")] * 2


@pytest.mark.parametrize("architecture", ["rnn", "lstm", "gru"])
def test_an_update_equals_an_update_of_a_fit(architecture):
    train = workloads.sequences(8, 20, "cpu")
    how = {"width": 6, "seed": 3, "batch": 8}
    learner = made(architecture, train, **how)
    next(learner.updates(train))
    same = fitted(architecture, train, train, updates=1, **how)
    assert np.array_equal(learner.predict(train.inputs), same.predict(train.inputs))


def test_the_updates_of_a_reservoir_take_in_all_sequences_each_time(monkeypatch):
    counts = []
    add = Rows.add
    monkeypatch.setattr(Rows, "add", lambda rows, *what: (add(rows, *what), counts.append(rows.count))[0])
    updates = made("esn", train := workloads.sequences(8, 20, "cpu"), width=6, seed=0).updates(train)
    for _ in range(3):
        next(updates)
    assert counts == [8, 16, 24]


@pytest.mark.long
def test_updates_go_on_without_end_and_learn():
    train = workloads.sequences(64, 30, "cpu")
    learner = made("gru", train, width=16, seed=0, learning_rate=1e-2)
    errors = []
    for count, _ in enumerate(learner.updates(train)):
        errors.append(float(np.mean((learner.predict(train.inputs) - train.targets) ** 2)))
        if count == 150:
            break
    assert errors[-1] < 0.1 * errors[0]


def test_a_width_that_is_not_given_is_the_widest_with_ten_thousand_numbers():
    train = workloads.sequences(4, 10, "cpu")
    sizes = [
        made("lstm", train, width=width, seed=0).size.total
        for solved in [workloads.solved_width("lstm", train)]
        for width in (solved, solved + 1)
    ]
    assert sizes[0] <= 10_000 < sizes[1]


def test_a_learner_without_single_updates_is_declined():
    with pytest.raises(UnsupportedError, match="mean has no method updates"):
        workloads.update("mean", **SMALL)


@pytest.mark.parametrize("workload", [workloads.update, workloads.predict, workloads.generate])
def test_an_unknown_architecture_or_device_is_an_input_error(workload):
    with pytest.raises(InputError, match="did you mean 'lstm'"):
        workload("lstn", **SMALL)
    with pytest.raises(InputError, match="did you mean 'cpu'"):
        workload("lstm", **SMALL, device="cpv")


@pytest.mark.long
def test_a_trial_for_tracking_ends_ok_or_is_an_error(tmp_path, monkeypatch):
    records = workloads.trained(tmp_path, lengths=[20], updates=2, samples=500)
    assert [record.trial.architecture for record in records] == ["rnn", "lstm", "gru", "esn"]
    assert all(np.isfinite(record.scores["test_mse"]) for record in records)
    broken = [records[0].model_copy(update={"status": Status.DIVERGED, "message": "not finite"})]
    monkeypatch.setattr(workloads, "run_study", lambda *_, **__: broken)
    for tracked in (lambda: workloads.trained(tmp_path), workloads.trial_overhead):
        with pytest.raises(RuntimeError, match=r"rnn.*diverged: not finite"):
            tracked()
