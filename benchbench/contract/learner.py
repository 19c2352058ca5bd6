"""What every architecture promises."""

from contextlib import suppress
from functools import partial

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchbench.contract.promises import Promises, content, require, untouched
from benchbench.core.meter import Meter
from benchbench.core.problem import Array, FreeRun, Learner, Problem, Setting, Split
from benchbench.core.registry import Plugin
from benchbench.core.seeds import integer, stream
from benchbench.core.spec import Budget
from benchbench.learn.sizing import size_of
from benchbench.run.free_run import generate

_LENGTH, _WIDTH, _SEQUENCES = 12, 6, 48
_WIDTHS = (1, 2, 3, 4, 6, 9, 16, 32)
_BUDGET = Budget(name="contract", width=_WIDTH, updates=4, batch=8)
_STARTS, _STEPS, _FIRST = 5, 20, 8  # of a free run; the steps of its first piece


def promises(plugin: Plugin) -> Promises:
    """Each promise of an architecture with its test."""
    last, many = _toy_problem(1), _toy_problem(5)
    yield "its size never shrinks with its width", partial(_size_grows, plugin, last)
    yield "it does problems of one scored step, of many, or of both", partial(_able, plugin, (last, many))
    yield "it never makes more updates than the budget", partial(_keeps_budget, plugin, last)
    for name, problem in (("one scored step", last), ("many scored steps", many)):
        yield f"{name}: predictions are finite and of the right shape", partial(_shape, plugin, problem)
        yield f"{name}: the same seed gives the same predictions", partial(_same_seed, plugin, problem)
        yield f"{name}: it predicts each sequence by itself", partial(_by_itself, plugin, problem)
        yield f"{name}: a free run has the right shape, and divergence shows", partial(_runs, plugin, problem)
        yield f"{name}: the same seed gives the same free run", partial(_same_run, plugin, problem)
        yield f"{name}: a free run starts with the last predicted step", partial(_run_starts, plugin, problem)
        yield f"{name}: a free run in two pieces is the run in one", partial(_run_goes_on, plugin, problem)
    yield "it is causal: later inputs do not change earlier outputs", partial(_causal, plugin, many)
    yield "global random generators and the data stay untouched", partial(_untouched, plugin, last)


def _toy_problem(scored: int) -> Problem:
    rng = stream(0, "contract")
    series = np.sin(0.7 * np.arange(_SEQUENCES * 4)) + 0.1 * rng.standard_normal(_SEQUENCES * 4)
    windows = sliding_window_view(series.astype(np.float32), _LENGTH + 1)[: 3 * _SEQUENCES, :, None]
    parts = [windows[i * _SEQUENCES : (i + 1) * _SEQUENCES] for i in range(3)]
    splits = [Split(inputs=part[:, :-1], targets=part[:, -scored:]) for part in parts]
    return Problem(train=splits[0], valid=splits[1], test=splits[2])


def _make(plugin: Plugin, problem: Problem, width: int = _WIDTH) -> Learner:
    setting = Setting(
        inputs=1,
        outputs=1,
        scored=problem.train.scored,
        length=_LENGTH,
        width=width,
        seed=integer(1, "learner"),
        batch=_BUDGET.batch,
    )
    learner: Learner = plugin.function(setting)
    return learner


def _fitted(plugin: Plugin, problem: Problem) -> tuple[Learner, Meter]:
    learner = _make(plugin, problem)
    meter = Meter(_BUDGET, batches=-(-_SEQUENCES // _BUDGET.batch))
    meter.start()
    learner.fit(problem.train, problem.valid, meter)
    meter.stop()
    return learner, meter


def _size_grows(plugin: Plugin, problem: Problem) -> None:
    sizes = [size_of(_make(plugin, problem, width)).total for width in _WIDTHS]
    require(sizes == sorted(sizes), f"widths {_WIDTHS} have sizes {sizes}")
    require(min(sizes) >= 0, f"sizes are negative: {sizes}")


def _able(plugin: Plugin, problems: tuple[Problem, ...]) -> None:
    reasons = []
    for problem in problems:
        try:
            _fitted(plugin, problem)[0].predict(problem.test.inputs)
        except NotImplementedError as declined:
            reasons.append(str(declined))
    require(len(reasons) < len(problems), f"it declines both: {reasons}")


def _keeps_budget(plugin: Plugin, problem: Problem) -> None:
    _, meter = _fitted(plugin, problem)
    require(
        not meter.over, f"asked for {meter.overspent} more updates after the budget of {_BUDGET.updates} was used up"
    )


def _shape(plugin: Plugin, problem: Problem) -> None:
    learner, _ = _fitted(plugin, problem)
    predictions = np.asarray(learner.predict(problem.test.inputs))
    expected = problem.test.targets.shape
    require(predictions.shape == expected, f"shape {predictions.shape}, expected (sequence, scored, output) {expected}")
    require(bool(np.isfinite(predictions).all()), "some predictions are NaN or infinite")


def _same_seed(plugin: Plugin, problem: Problem) -> None:
    first, second = (np.asarray(_fitted(plugin, problem)[0].predict(problem.test.inputs), float) for _ in range(2))
    require(np.array_equal(first, second), f"they differ by up to {np.abs(first - second).max():.3g}")


def _by_itself(plugin: Plugin, problem: Problem) -> None:
    learner, _ = _fitted(plugin, problem)
    inputs = problem.test.inputs
    together, alone = np.asarray(learner.predict(inputs)), np.asarray(learner.predict(inputs[:1]))
    require(np.allclose(together[:1], alone, atol=1e-4), "a prediction depends on the sequences beside it")


def _causal(plugin: Plugin, problem: Problem) -> None:
    learner, _ = _fitted(plugin, problem)
    scored = problem.test.scored
    changed = problem.test.inputs.copy()
    changed[:, -1] += 1.0
    before, after = np.asarray(learner.predict(problem.test.inputs)), np.asarray(learner.predict(changed))
    gap = float(np.abs(before[:, : scored - 1] - after[:, : scored - 1]).max())
    require(gap <= 1e-5, f"changing the last input moves earlier outputs by up to {gap:.3g}")


def _generated(learner: Learner, prefix: Array, steps: int) -> Array:
    truth = np.zeros((len(prefix), steps, prefix.shape[2]), np.float32)
    return generate(learner, FreeRun(prefix=prefix, truth=truth), _LENGTH)


def _runs(plugin: Plugin, problem: Problem) -> None:
    learner, _ = _fitted(plugin, problem)
    generated = _generated(learner, problem.test.inputs[:_STARTS], _STEPS)
    finite = np.asarray(np.isfinite(generated).all(axis=2))
    require(bool((finite[:, 1:] <= finite[:, :-1]).all()), "a run is finite again after values that were not")


def _same_run(plugin: Plugin, problem: Problem) -> None:
    prefix = problem.test.inputs[:_STARTS]
    first, second = (_generated(_fitted(plugin, problem)[0], prefix, _STEPS) for _ in range(2))
    require(np.array_equal(first, second, equal_nan=True), f"they differ by up to {np.abs(first - second).max():.3g}")


def _run_starts(plugin: Plugin, problem: Problem) -> None:
    learner, _ = _fitted(plugin, problem)
    prefix = problem.test.inputs[:_STARTS]
    generated, predicted = _generated(learner, prefix, 1)[:, 0], np.asarray(learner.predict(prefix))[:, -1]
    gap = float(np.abs(generated - predicted).max())
    require(np.allclose(generated, predicted, rtol=1e-3, atol=1e-4), f"on the same window they differ by {gap:.3g}")


def _run_goes_on(plugin: Plugin, problem: Problem) -> None:
    learner, _ = _fitted(plugin, problem)
    prefix = problem.test.inputs[:_STARTS]
    whole = _generated(learner, prefix, _STEPS)
    longer = np.concatenate([prefix, whole[:, :_FIRST]], axis=1)
    rest = _generated(learner, longer, _STEPS - _FIRST)
    same = np.allclose(rest, whole[:, _FIRST:], rtol=1e-3, atol=1e-4, equal_nan=True)
    gap = float(np.abs(rest - whole[:, _FIRST:]).max())
    require(same, f"fed what it made, it goes on otherwise, by up to {gap:.3g}")


def _untouched(plugin: Plugin, problem: Problem) -> None:
    data, prefix = content(problem), problem.test.inputs[:_STARTS]

    def use() -> None:
        learner, _ = _fitted(plugin, problem)
        learner.predict(problem.test.inputs)
        with suppress(NotImplementedError):  # it may decline
            _generated(learner, prefix, _STEPS)

    untouched(use, "setting.seed")
    require(data == content(problem), "the arrays of the problem were changed")
