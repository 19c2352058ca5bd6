"""Whole trials of the course against programs written here: PyTorch, scikit-learn and NumPy, and nothing of ours.

The data, the order of the batches and the draws of a reservoir are those of the suite; all arithmetic is not.
"""

from functools import cache

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score
from torch import nn

from benchbench.core import registry, study
from benchbench.core.record import Environment
from benchbench.core.seeds import integer, stream
from benchbench.run.trial import make_problem, run_trial

pytestmark = pytest.mark.course


@cache
def known():
    return registry.load()


def trial_of(name, competitor, **limits):
    """The trial of seed 0 of a competitor of a study, and its problem; ``limits`` replace those of the budget."""
    whole = study.read(study.find(f"course/{name}"))
    trials = [t for t in whole.trials(known()) if t.seed == 0 and competitor in {t.competitor, t.architecture}]
    trial = trials[0]
    if limits:
        trial = trial.model_copy(update={"budget": trial.budget.model_copy(update=limits)})
    return trial, make_problem(trial, known())


def scores(trial):
    record = run_trial(trial, known(), Environment(machine="toy", jobs=1, threads=1)).record
    assert record.status == "ok", record.message
    return record


def seed_of(trial):
    return integer(trial.seed, "learner")


def batches(trial, count):
    rng = stream(seed_of(trial), "batches")
    while True:
        order = rng.permutation(count)
        yield from (order[i : i + trial.budget.batch] for i in range(0, count, trial.budget.batch))


def quality(true, made):
    """The value that chooses (lower is better), the loss that breaks ties, and the area under the ROC curve."""
    return -balanced_accuracy_score(true, made.argmax(axis=1)), log_loss(true, made), roc_auc_score(true, made[:, 1])


def recorded(trial):
    found = scores(trial).scores
    return -found["test_balanced_accuracy"], found["test_log_loss"], found["test_auroc"]


def test_the_lectures_rnn_has_the_error_of_a_plain_pytorch_loop():
    trial, problem = trial_of("noisy-sine", "window on the time axis", epochs=4)
    torch.manual_seed(seed_of(trial))
    rnn = nn.RNN(1, 32, nonlinearity="relu", batch_first=True)
    nn.init.xavier_uniform_(rnn.weight_ih_l0), nn.init.orthogonal_(rnn.weight_hh_l0)
    nn.init.zeros_(rnn.bias_ih_l0), nn.init.zeros_(rnn.bias_hh_l0)
    last, before = nn.Linear(8, 1), nn.Linear(32, 8)  # in the order in which the suite draws them
    dense = nn.Sequential(before, nn.ReLU(), last)
    both = nn.ModuleList([rnn, dense])

    def error(split):
        with torch.no_grad():
            made = dense(rnn(torch.tensor(split.inputs))[0][:, -1])
            return float((made - torch.tensor(split.targets[:, 0])).square().mean())

    optimizer = torch.optim.RMSprop(both.parameters(), lr=1e-3)
    updates = 4 * -(-len(problem.train) // 16)
    marks = {int(np.ceil(updates * tenth / 10)) for tenth in range(1, 11)}
    best = np.inf, np.nan
    for update, chosen in zip(range(1, updates + 1), batches(trial, len(problem.train)), strict=False):
        made = dense(rnn(torch.tensor(problem.train.inputs[chosen]))[0][:, -1])
        optimizer.zero_grad()
        (made - torch.tensor(problem.train.targets[chosen, 0])).square().mean().backward()
        optimizer.step()
        if update in marks:
            best = min(best, (error(problem.valid), error(problem.test)))
    found = scores(trial).scores
    assert (found["valid_mse"], found["test_mse"]) == pytest.approx(best, rel=1e-5)


def test_a_gru_that_tells_heartbeats_has_the_scores_of_a_plain_pytorch_loop():
    trial, problem = trial_of("ecg-beats-synthetic", "gru", updates=40)
    torch.manual_seed(seed_of(trial))
    gru = nn.GRU(1, 24, batch_first=True)
    for name, parameter in gru.named_parameters():
        if "bias" in name:
            nn.init.zeros_(parameter)
        for gate in parameter.detach().view(3, 24, -1) if "weight" in name else ():
            (nn.init.xavier_uniform_ if "ih" in name else nn.init.orthogonal_)(gate)
    head = nn.Linear(24, 2)
    both = nn.ModuleList([gru, head])
    counts = problem.train.targets.sum(axis=(0, 1))
    loss = nn.CrossEntropyLoss(weight=torch.tensor(counts.sum() / (2 * counts)))

    def told(split):
        with torch.no_grad():
            made = head(gru(torch.tensor(split.inputs))[0][:, -1]).double().softmax(dim=1).numpy()
        return quality(split.targets[:, 0, 1], made)

    optimizer = torch.optim.Adam(both.parameters(), lr=3e-3)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40)
    best = (np.inf,), None
    for update, chosen in zip(range(1, 41), batches(trial, len(problem.train)), strict=False):
        made = head(gru(torch.tensor(problem.train.inputs[chosen]))[0][:, -1])
        optimizer.zero_grad()
        loss(made, torch.tensor(problem.train.targets[chosen, 0])).backward()
        nn.utils.clip_grad_norm_(both.parameters(), 1.0)
        optimizer.step()
        falling.step()
        if update % 4 == 0:
            best = min(best, (told(problem.valid), told(problem.test)), key=lambda pair: pair[0])
    assert recorded(trial) == pytest.approx(best[1], rel=1e-5)


def test_the_logistic_baseline_of_heartbeats_has_the_scores_of_scikit_learn():
    trial, problem = trial_of("ecg-beats-synthetic", "logistic")

    def rows(split):
        return split.inputs[:, :, 0], split.targets[:, 0, 1]

    def told(model, split):
        inputs, true = rows(split)
        return quality(true, model.predict_proba(inputs))

    models = [
        LogisticRegression(C=strength, class_weight="balanced", max_iter=500).fit(*rows(problem.train))
        for strength in (1e-3, 1e-2, 1e-1, 1.0, 10.0)
    ]
    best = min(models, key=lambda model: told(model, problem.valid))
    assert recorded(trial) == pytest.approx(told(best, problem.test), rel=1e-5)


def test_the_generative_reservoir_has_the_error_and_the_valid_time_of_a_numpy_loop():
    trial, problem = trial_of("esn-generator", "esn")
    rng, leak = stream(seed_of(trial), "reservoir"), 0.4
    unit, source = np.divmod(rng.choice(200**2, 200**2, replace=False), 200)
    recurrent = np.zeros((200, 200))
    recurrent[unit, source] = rng.uniform(-1, 1, 200**2)
    recurrent *= 1.25 / np.abs(np.linalg.eigvals(recurrent)).max()
    into, offset = rng.uniform(-1, 1, 200), rng.uniform(-1, 1, 200)

    def advance(x, u):
        return (1 - leak) * x + leak * np.tanh(x @ recurrent.T + u * into + offset)

    def driven(inputs):
        x, states = np.zeros((len(inputs), 200)), []
        for u in inputs.transpose(1, 0, 2).astype(float):
            x = advance(x, u)
            states.append(x)
        return np.stack(states, axis=1)

    def scored(split):
        states = driven(split.inputs)[:, -split.scored :].reshape(-1, 200)
        return states, split.targets.reshape(-1).astype(float)

    (states, targets), (held, wanted) = scored(problem.train), scored(problem.valid)
    left, values, right = np.linalg.svd(states - states.mean(axis=0), full_matrices=False)
    readouts = []
    for strength in 10.0 ** np.arange(-16, 3):
        weights = right.T @ (values / (values**2 + strength * len(states)) * (left.T @ (targets - targets.mean())))
        offset_out = targets.mean() - states.mean(axis=0) @ weights
        readouts.append((np.mean((held @ weights + offset_out - wanted) ** 2), weights, offset_out))
    _, weights, offset_out = min(readouts, key=lambda one: one[0])

    seen, true = scored(problem.test)
    record = scores(trial)
    assert record.scores["test_mse"] == pytest.approx(np.mean((seen @ weights + offset_out - true) ** 2), rel=1e-2)

    run = problem.free_run
    x, made = driven(run.prefix)[:, -1], []
    for _ in range(run.truth.shape[1]):
        made.append(x @ weights + offset_out)
        x = advance(x, made[-1][:, None])
    wrong = np.abs(np.stack(made, axis=1) - run.truth[:, :, 0]) > 0.4 * run.truth.std()
    valid = np.where(wrong.any(axis=1), wrong.argmax(axis=1), wrong.shape[1])
    assert np.median(record.free_run.valid_steps) == pytest.approx(np.median(valid), rel=0.05)
    assert np.corrcoef(record.free_run.valid_steps, valid)[0, 1] > 0.9
