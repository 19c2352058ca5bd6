"""The contract that everything registered keeps; for ``benchbench check`` and for a third party's own tests."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

from benchbench.core.errors import InputError
from benchbench.core.meter import Meter
from benchbench.core.problem import Array, Learner, Problem, Setting, Split
from benchbench.core.registry import Plugin
from benchbench.core.seeds import integer, stream
from benchbench.core.spec import Budget
from benchbench.learn.sizing import size_of
from benchbench.run.blame import describe
from benchbench.run.trial import declines

_LENGTH, _WIDTH, _SEQUENCES = 12, 6, 48
_WIDTHS = (1, 2, 3, 4, 6, 9, 16, 32)
_BUDGET = Budget(name="contract", width=_WIDTH, updates=4, batch=8)
_TASK_LENGTH = 40


@dataclass(frozen=True, kw_only=True)
class Check:
    """One promise put to the test: ``passed`` is None where it could not be tested, and ``detail`` says why."""

    subject: str
    promise: str
    passed: bool | None
    detail: str = ""


def check(plugin: Plugin) -> list[Check]:
    """All promises of an architecture or a task with its default options."""
    promises = _architecture_promises(plugin) if plugin.kind == "architecture" else _task_promises(plugin)
    checks = []
    for promise, test in promises:
        checks.append(_try(plugin, promise, test))
        if plugin.kind == "task" and len(checks) == 1 and not checks[0].passed:
            break  # without a problem there is nothing more to test
    return checks


def assert_contract(plugin: Plugin) -> None:
    """Raise AssertionError naming every broken promise: for a plug-in's own tests."""
    broken = [f"{c.subject}: {c.promise}: {c.detail}" for c in check(plugin) if c.passed is False]
    if broken:
        raise AssertionError("\n".join(broken))


class BrokenPromiseError(Exception):
    """What a promise's test found."""


class UntestableError(Exception):
    """Why a promise cannot be tested here."""


def _try(plugin: Plugin, promise: str, test: Callable[[], None]) -> Check:
    subject = f"{plugin.kind} {plugin.name}"
    try:
        test()
    except UntestableError as reason:
        return Check(subject=subject, promise=promise, passed=None, detail=str(reason))
    except BrokenPromiseError as broken:
        return Check(subject=subject, promise=promise, passed=False, detail=str(broken))
    except (Exception, SystemExit) as error:
        passed = None if declines(error) else False
        return Check(subject=subject, promise=promise, passed=passed, detail=describe(error, plugin.file))
    return Check(subject=subject, promise=promise, passed=True)


def _require(holds: bool, broken: str) -> None:
    if not holds:
        raise BrokenPromiseError(broken)


# Architectures


def _architecture_promises(plugin: Plugin) -> Iterator[tuple[str, Callable[[], None]]]:
    last, many = _toy_problem(1), _toy_problem(5)
    yield "its size never shrinks with its width", partial(_size_grows, plugin, last)
    yield "it does problems of one scored step, of many, or of both", partial(_able, plugin, (last, many))
    yield "it never makes more updates than the budget", partial(_keeps_budget, plugin, last)
    for name, problem in (("one scored step", last), ("many scored steps", many)):
        yield f"{name}: predictions are finite and of the right shape", partial(_shape, plugin, problem)
        yield f"{name}: the same seed gives the same predictions", partial(_same_seed, plugin, problem)
        yield f"{name}: it predicts each sequence by itself", partial(_by_itself, plugin, problem)
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
    _require(sizes == sorted(sizes), f"widths {_WIDTHS} have sizes {sizes}")
    _require(min(sizes) >= 0, f"sizes are negative: {sizes}")


def _able(plugin: Plugin, problems: tuple[Problem, ...]) -> None:
    reasons = []
    for problem in problems:
        try:
            _fitted(plugin, problem)[0].predict(problem.test.inputs)
        except NotImplementedError as declined:
            reasons.append(str(declined))
    _require(len(reasons) < len(problems), f"it declines both: {reasons}")


def _keeps_budget(plugin: Plugin, problem: Problem) -> None:
    _, meter = _fitted(plugin, problem)
    _require(
        not meter.over, f"asked for {meter.overspent} more updates after the budget of {_BUDGET.updates} was used up"
    )


def _shape(plugin: Plugin, problem: Problem) -> None:
    learner, _ = _fitted(plugin, problem)
    predictions = np.asarray(learner.predict(problem.test.inputs))
    expected = problem.test.targets.shape
    _require(
        predictions.shape == expected, f"shape {predictions.shape}, expected (sequence, scored, output) {expected}"
    )
    _require(bool(np.isfinite(predictions).all()), "some predictions are NaN or infinite")


def _same_seed(plugin: Plugin, problem: Problem) -> None:
    first, second = (np.asarray(_fitted(plugin, problem)[0].predict(problem.test.inputs), float) for _ in range(2))
    _require(np.array_equal(first, second), f"they differ by up to {np.abs(first - second).max():.3g}")


def _by_itself(plugin: Plugin, problem: Problem) -> None:
    learner, _ = _fitted(plugin, problem)
    inputs = problem.test.inputs
    together, alone = np.asarray(learner.predict(inputs)), np.asarray(learner.predict(inputs[:1]))
    _require(np.allclose(together[:1], alone, atol=1e-4), "a prediction depends on the sequences beside it")


def _causal(plugin: Plugin, problem: Problem) -> None:
    learner, _ = _fitted(plugin, problem)
    scored = problem.test.scored
    changed = problem.test.inputs.copy()
    changed[:, -1] += 1.0
    before, after = np.asarray(learner.predict(problem.test.inputs)), np.asarray(learner.predict(changed))
    gap = float(np.abs(before[:, : scored - 1] - after[:, : scored - 1]).max())
    _require(gap <= 1e-5, f"changing the last input moves earlier outputs by up to {gap:.3g}")


def _untouched(plugin: Plugin, problem: Problem) -> None:
    states, data = _generators(), _bytes(problem)
    learner, _ = _fitted(plugin, problem)
    learner.predict(problem.test.inputs)
    for name, before, after in zip(("random", "numpy.random", "torch"), states, _generators(), strict=True):
        _require(before == after, f"the global generator of {name} was used; draw from setting.seed")
    _require(data == _bytes(problem), "the arrays of the problem were changed")


def _generators() -> tuple[str, str, bytes]:
    return (
        repr(random.getstate()),
        repr(np.random.get_state(legacy=False)),  # noqa: NPY002  looked at, not used
        torch.random.get_rng_state().numpy().tobytes(),
    )


def _bytes(problem: Problem) -> list[bytes]:
    splits = (problem.train, problem.valid, problem.test)
    return [np.ascontiguousarray(array).tobytes() for split in splits for array in (split.inputs, split.targets)]


# Tasks


def _task_promises(plugin: Plugin) -> Iterator[tuple[str, Callable[[], None]]]:
    yield "it makes a problem of the asked length, all finite", partial(_well_formed, plugin)
    yield "the same seed gives the same bytes", partial(_same_bytes, plugin)
    yield "no stretch of train comes back in valid or test", partial(_disjoint, plugin)
    yield "the targets lie ahead of the inputs they are scored with", partial(_ahead, plugin)
    yield "the scaling is fitted on train alone", partial(_scaled_on_train, plugin)
    yield "global random generators stay untouched", partial(_task_untouched, plugin)


def _problem(plugin: Plugin) -> Problem:
    try:
        problem = plugin.function(stream(0, "data", plugin.name), _TASK_LENGTH)
    except InputError as error:
        raise UntestableError(str(error)) from error
    if not isinstance(problem, Problem):
        raise BrokenPromiseError(f"it must return a benchbench.Problem, not {type(problem).__name__}")
    return problem


def _well_formed(plugin: Plugin) -> None:
    problem = _problem(plugin)
    steps = problem.train.inputs.shape[1]
    _require(steps == _TASK_LENGTH, f"sequences have {steps} steps where {_TASK_LENGTH} were asked for")
    for name in ("train", "valid", "test"):
        split: Split = getattr(problem, name)
        finite = np.isfinite(split.inputs).all() and np.isfinite(split.targets).all()
        _require(bool(finite), f"{name} holds NaN or infinite values")


def _same_bytes(plugin: Plugin) -> None:
    _require(_bytes(_problem(plugin)) == _bytes(_problem(plugin)), "two problems of one seed differ")


def _disjoint(plugin: Plugin) -> None:
    problem = _problem(plugin)
    ends = _distinct(problem.train.inputs)
    known = {stretch for stretches in _stretches(problem.train.inputs) for stretch in stretches}
    for name in ("valid", "test"):
        every = _stretches(getattr(problem, name).inputs)
        shared = sum(head in known or tail in known for head, tail in zip(every[0], every[-1], strict=True))
        _require(shared == 0, f"{shared} of {len(ends)} sequences of {name} hold a stretch that train holds too")


def _distinct(inputs: Array) -> list[bytes]:
    """The last stretch of each sequence; UntestableError where some are the same."""
    ends = _stretches(inputs)[-1]
    if len(set(ends)) < len(ends):
        raise UntestableError("the signal repeats itself exactly, so that a leak cannot be told from it")
    return ends


def _stretches(inputs: Array) -> list[list[bytes]]:
    """For each offset, the stretch of 8 steps of each sequence there, as bytes; first the heads, last the tails."""
    steps = min(8, inputs.shape[1])
    return [
        [np.ascontiguousarray(row).tobytes() for row in inputs[:, offset : offset + steps]]
        for offset in range(inputs.shape[1] - steps + 1)
    ]


def _ahead(plugin: Plugin) -> None:
    test = _problem(plugin).test
    if test.inputs.shape[2] != test.targets.shape[2]:
        raise UntestableError("the targets are another quantity than the inputs")
    _distinct(_problem(plugin).train.inputs)
    _, steps, _ = test.inputs.shape
    scored = test.scored
    for lag in range(steps - scored + 1):  # targets equal to what is already seen at every step would be no forecast
        seen = test.inputs[:, steps - scored - lag : steps - lag]
        if np.allclose(seen, test.targets, rtol=1e-4, atol=1e-6):
            raise BrokenPromiseError(
                f"the targets are the inputs of {lag} steps before" if lag else "targets are inputs"
            )


def _scaled_on_train(plugin: Plugin) -> None:
    problem = _problem(plugin)
    train, *others = (_series(split.inputs) for split in (problem.train, problem.valid, problem.test))
    off_train, off_all = _off_standard(train), _off_standard(np.concatenate([train, *others]))
    leaks = off_train > 0.1 and off_all < off_train / 4
    _require(not leaks, f"all splits together are standardised (off by {off_all:.2g}), train is not ({off_train:.2g})")


def _series(inputs: Array) -> Array:
    """The steps that windows with a stride share, each once; sequences that share none, one after the other."""
    for stride in range(1, min(inputs.shape[1], 33)):
        if len(inputs) > 1 and np.array_equal(inputs[0, stride:], inputs[1, :-stride]):
            return np.concatenate([inputs[0], inputs[1:, -stride:].reshape(-1, inputs.shape[2])])
    return inputs.reshape(-1, inputs.shape[2])


def _off_standard(series: Array) -> float:
    """How far mean and standard deviation are from 0 and 1."""
    return float(max(np.abs(series.mean(axis=0)).max(), np.abs(series.std(axis=0) - 1).max()))


def _task_untouched(plugin: Plugin) -> None:
    states = _generators()
    _problem(plugin)
    for name, before, after in zip(("random", "numpy.random", "torch"), states, _generators(), strict=True):
        _require(before == after, f"the global generator of {name} was used; draw from rng")
