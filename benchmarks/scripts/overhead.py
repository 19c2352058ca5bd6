"""Measure what benchbench costs beyond a plain PyTorch loop.

The script prints the ratio of ``fit_seconds`` in a record to the time of a plain PyTorch loop with the same network,
data, batch, clipping, optimizer and number of updates; the two run in turns. It also prints the seconds that a process
takes, and those that a trial takes beyond its fit. Run it from the checkout:
``python benchmarks/scripts/overhead.py``.
"""

import statistics
import time

import torch
from torch import nn

from benchbench.core import registry
from benchbench.core.record import Environment
from benchbench.core.seeds import integer, stream
from benchbench.core.spec import Budget, Trial
from benchbench.isolation.pool import isolated_map, start_server
from benchbench.learn.device import seeded
from benchbench.measure import allocator
from benchbench.run.job import PRELOAD
from benchbench.run.trial import make_problem, run_trial
from benchbench.workloads import trial_overhead

ROUNDS, UPDATES, BATCH, WIDTH, LENGTH = 7, 300, 32, 32, 100
MODULES = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def plain_seconds(trial: Trial, known: registry.Registry) -> float:
    """The seconds of a plain PyTorch loop."""
    train = make_problem(trial, known).train
    rng = stream(integer(trial.seed, "learner"), "batches")
    start = time.perf_counter()
    with seeded(0, "cpu"):
        net = MODULES[trial.architecture](1, WIDTH, batch_first=True)
        head = nn.Linear(WIDTH, 1)
        parameters = [*net.parameters(), *head.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=3e-3)
        order: list[int] = []
        for _ in range(UPDATES):
            if not order:
                order = rng.permutation(len(train)).tolist()
            chosen, order = order[:BATCH], order[BATCH:]
            inputs, targets = torch.tensor(train.inputs[chosen]), torch.tensor(train.targets[chosen])
            optimizer.zero_grad()
            states, _ = net(inputs)
            nn.functional.mse_loss(head(states[:, -1:]), targets).backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
    return time.perf_counter() - start


def main() -> None:
    """Print the ratio of paired rounds for each architecture, and what a trial and a process cost."""
    start_server(PRELOAD)
    list(isolated_map(abs, [0]))
    start = time.perf_counter()
    list(isolated_map(abs, range(-20, 0)))
    print(f"a process of its own: {(time.perf_counter() - start) / 20:.3f} s")
    print(f"a trial on noisy_sine beyond its fit: {trial_overhead():.3f} s")
    ratios()


def ratios() -> None:
    """Print the ratio of medians and of paired rounds for each architecture."""
    torch.set_num_threads(1)
    allocator.keep_freed()
    known = registry.load()
    budget = Budget(name="overhead", width=WIDTH, updates=UPDATES, batch=BATCH)
    print(f"{'':6} harness  plain    ratio (median of {ROUNDS} interleaved pairs)")
    for name in MODULES:
        trial = Trial(study="overhead", task="mackey_glass", architecture=name, length=LENGTH, seed=0, budget=budget)
        harness, plain = [], []
        for round_ in range(ROUNDS + 1):  # the first warms up
            pair = {}
            for side in ("harness", "plain") if round_ % 2 else ("plain", "harness"):
                if side == "harness":
                    record = run_trial(trial, known, Environment()).record
                    if record.status != "ok":
                        raise RuntimeError(record.message)
                    pair[side] = record.spent.fit_seconds or 0.0
                else:
                    pair[side] = plain_seconds(trial, known)
            if round_:
                harness.append(pair["harness"])
                plain.append(pair["plain"])
        ratio = statistics.median(h / p for h, p in zip(harness, plain, strict=True))
        print(f"{name:6} {statistics.median(harness):.3f} s  {statistics.median(plain):.3f} s  {ratio:.3f}")


if __name__ == "__main__":
    main()
