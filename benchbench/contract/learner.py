"""The promises of every architecture, and their tests."""

from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchbench.contract.kept import same_when_restored
from benchbench.contract.promises import BrokenPromiseError, Promises, content, require, untouched
from benchbench.core.errors import DivergedError
from benchbench.core.meter import Meter
from benchbench.core.objective import Objective
from benchbench.core.options import bind
from benchbench.core.problem import Array, FreeRun, Learner, Problem, Setting, Split
from benchbench.core.registry import Plugin
from benchbench.core.seeds import integer, stream
from benchbench.core.spec import Budget, Options
from benchbench.isolation.fault_text import describe
from benchbench.learn.sizing import ANY_WIDTH, size_of, widths_of
from benchbench.run.failure import declines
from benchbench.run.free_run import generate
from benchbench.run.scoring import predict, require_lengths

_LENGTH, _WIDTH, _SEQUENCES, _CLASSES = 12, 6, 48, 3
_WIDTHS = (1, 2, 3, 4, 6, 9, 16, 32)
_BUDGET = Budget(name="contract", width=_WIDTH, updates=4, batch=8)
_STARTS, _STEPS, _FIRST = 5, 20, 8  # starts and steps of a free run, and the steps of its first piece


def promises(plugin: Plugin, options: Options, length: int) -> Promises:  # noqa: ARG001  it uses short ones
    """Yield each promise of an architecture with these options, and its test.

    Promises on what the architecture does not offer (classes, sequences of different length, a second engine) are left
    out.
    """
    last, many, classes = _toy_problem(1), _toy_problem(5), _toy_classes()
    how = _Subject(plugin, bind(plugin.options, options, f"[architectures.{plugin.name}]"), ANY_WIDTH)
    how = how._replace(widths=_widths(how, (last, many, classes)))
    if not _takes_on(how, last) and not _takes_on(how, many):  # the architecture may need later inputs
        last, many = replace(last, causal=False), replace(many, causal=False)
    yield "its size never shrinks with its width", partial(_size_grows, how, last)
    yield "it solves problems of one scored step, of many, or of classes", partial(_able, how, (last, many, classes))
    kinds = {"one scored step": last, "many scored steps": many}
    if _does(how, classes) or not (_does(how, last) or _does(how, many)):
        kinds["classes"] = classes
    yield "it never makes more updates than the budget", partial(_keeps_budget, how, tuple(kinds.values()))
    for name, problem in kinds.items():
        yield f"{name}: predictions are finite and of the right shape", partial(_shape, how, problem)
        yield f"{name}: the same seed gives the same predictions", partial(_same_seed, how, problem)
        yield f"{name}: it predicts each sequence by itself", partial(_by_itself, how, problem)
        if _takes_on(how, _padded(problem)):
            yield f"{name}: values in the padding change nothing", partial(_padding, how, _padded(problem))
        if problem is classes:
            continue
        yield f"{name}: a free run has the right shape, and divergence shows", partial(_runs, how, problem)
        yield f"{name}: the same seed gives the same free run", partial(_same_run, how, problem)
        yield f"{name}: a free run starts with the last predicted step", partial(_run_starts, how, problem)
        yield f"{name}: a free run in two pieces equals the run in one", partial(_run_goes_on, how, problem)
    if many.causal:
        yield "it is causal: later inputs do not change earlier outputs", partial(_causal, how, many)
    for engine in list(plugin.engines)[1:]:
        yield f"its engines {_first(how)} and {engine} agree", partial(_engines_agree, how, last, engine)
    yield "what it keeps predicts bit by bit the same when it is restored", partial(_kept, how, tuple(kinds.values()))
    yield "global random generators and the data stay untouched", partial(_untouched, how, tuple(kinds.values()))


def _does(how: "_Subject", problem: Problem) -> bool:
    """Whether the architecture predicts a problem's test split in the form of its targets."""
    try:
        _predicted(how, problem)
    except (Exception, SystemExit):
        return False
    return True


def _takes_on(how: "_Subject", problem: Problem) -> bool:
    """Whether the architecture does not decline a problem; other failures are left for the promises to find."""
    try:
        _predicted(how, problem)
    except (Exception, SystemExit) as error:
        return not declines(error)
    return True


def _first(how: "_Subject") -> str:
    return next(iter(how.plugin.engines))


class _Subject(NamedTuple):
    """An architecture, its options as keyword arguments, and the widths that it can have."""

    plugin: Plugin
    options: dict[str, Any]
    widths: Sequence[int]

    def width(self, wanted: int) -> int:
        """The smallest possible width that is at least ``wanted``, or else the largest."""
        return self.widths[min(bisect_left(self.widths, wanted), len(self.widths) - 1)]


def _widths(how: _Subject, problems: tuple[Problem, ...]) -> Sequence[int]:
    """The widths that the architecture can have; every width where its own are wrong, which the promises find."""
    for problem in problems:
        with suppress(Exception, SystemExit):
            return widths_of(_make(how, problem, 1))
    return ANY_WIDTH


def _toy_problem(scored: int) -> Problem:
    rng = stream(0, "contract")
    series = np.sin(0.7 * np.arange(_SEQUENCES * 4)) + 0.1 * rng.standard_normal(_SEQUENCES * 4)
    windows = sliding_window_view(series.astype(np.float32), _LENGTH + 1)[: 3 * _SEQUENCES, :, None]
    parts = [windows[i * _SEQUENCES : (i + 1) * _SEQUENCES] for i in range(3)]
    splits = [Split(inputs=part[:, :-1], targets=part[:, -scored:]) for part in parts]
    return Problem(train=splits[0], valid=splits[1], test=splits[2])


def _toy_classes() -> Problem:
    """A classification of noisy waves by their frequency, one of three."""
    rng = stream(0, "contract classes")
    true = np.arange(3 * _SEQUENCES) % _CLASSES
    phases = 0.5 * (1 + true)[:, None] * np.arange(_LENGTH) + rng.uniform(0, 6, (len(true), 1))
    waves = (np.sin(phases) + 0.1 * rng.standard_normal(phases.shape)).astype(np.float32)[:, :, None]
    targets = np.eye(_CLASSES, dtype=np.float32)[true][:, None]
    parts = [slice(i * _SEQUENCES, (i + 1) * _SEQUENCES) for i in range(3)]
    splits = [Split(inputs=waves[part], targets=targets[part]) for part in parts]
    return Problem(
        train=splits[0], valid=splits[1], test=splits[2],
        objective=Objective.classification(), asks="label", causal=False,
    )  # fmt: skip


def _padded(problem: Problem) -> Problem:
    """The same sequences cut to different lengths, with zeros after their ends."""

    def cut(split: Split) -> Split:
        lengths = np.clip(_LENGTH - np.arange(len(split)) % 6, split.scored, _LENGTH)
        inside = np.arange(_LENGTH) < lengths[:, None]
        return replace(split, inputs=np.where(inside[:, :, None], split.inputs, np.float32(0)), lengths=lengths)

    return replace(problem, train=cut(problem.train), valid=cut(problem.valid), test=cut(problem.test))


def _make(how: _Subject, problem: Problem, width: int | None = None, engine: str | None = None) -> Learner:
    learner: Learner = how.plugin.function(_setting(how, problem, width, engine), **how.options)
    return learner


def _setting(how: _Subject, problem: Problem, width: int | None = None, engine: str | None = None) -> Setting:
    return Setting(
        inputs=1,
        outputs=problem.train.targets.shape[2],
        scored=problem.train.scored,
        length=_LENGTH,
        width=width or how.width(_WIDTH),
        seed=integer(1, "learner"),
        batch=_BUDGET.batch,
        engine=engine or _first(how),
        objective=problem.objective,
        causal=problem.causal,
    )


def _fitted(how: _Subject, problem: Problem, engine: str | None = None) -> tuple[Learner, Meter]:
    learner = _make(how, problem, engine=engine)
    require_lengths(learner, problem)
    meter = Meter(_BUDGET, batches=-(-_SEQUENCES // _BUDGET.batch))
    meter.start()
    learner.fit(problem.train, problem.valid, meter)
    meter.stop()
    return learner, meter


def _predicted(how: _Subject, problem: Problem, engine: str | None = None) -> Array:
    """The predictions (sequence, scored, output) of the test split by a newly fitted learner."""
    learner, _ = _fitted(how, problem, engine)
    return predict(learner, problem.test, classifies=problem.objective.classifies)


def _size_grows(how: _Subject, problem: Problem) -> None:
    sizes, faults = dict[int, int](), dict[int, Exception]()
    for width in sorted({how.width(one) for one in _WIDTHS}):
        try:
            sizes[width] = size_of(_make(how, problem, width)).total
        except Exception as error:
            faults[width] = error
    if faults and sizes:
        fault = next(iter(faults.values()))
        said = f"it can have the widths {list(sizes)}, but not {list(faults)} ({describe(fault, how.plugin.file)})"
        hint = "say which it can have, such as Gradient(setting, core, widths=range(K, 1025, K)) for multiples of K"
        raise BrokenPromiseError(f"{said}: {hint}") from fault
    for fault in faults.values():
        raise fault
    totals = list(sizes.values())
    require(totals == sorted(totals), f"widths {list(sizes)} have sizes {totals}")
    require(min(totals) >= 0, f"sizes are negative: {totals}")


def _able(how: _Subject, problems: tuple[Problem, ...]) -> None:
    reasons = []
    for problem in problems:
        try:
            _fitted(how, problem)[0].predict(problem.test.inputs)
        except NotImplementedError as declined:
            reasons.append(str(declined))
    require(len(reasons) < len(problems), f"it declines all of them: {reasons}")


def _first_that_it_does(how: _Subject, problems: tuple[Problem, ...]) -> Meter:
    """The meter of a fit on the first problem that the architecture does not decline."""
    for problem in problems[:-1]:
        try:
            return _fitted(how, problem)[1]
        except NotImplementedError:
            continue
    return _fitted(how, problems[-1])[1]


def _keeps_budget(how: _Subject, problems: tuple[Problem, ...]) -> None:
    meter = _first_that_it_does(how, problems)
    require(
        not meter.over, f"asked for {meter.overspent} more updates after the budget of {_BUDGET.updates} was used up"
    )


def _shape(how: _Subject, problem: Problem) -> None:
    learner, _ = _fitted(how, problem)
    try:
        predict(learner, problem.test, classifies=problem.objective.classifies)
    except DivergedError:
        require(holds=False, broken="some predictions are NaN or infinite")
    except ValueError as wrong:
        raise BrokenPromiseError(str(wrong)) from wrong


def _same_seed(how: _Subject, problem: Problem) -> None:
    first, second = (_predicted(how, problem).astype(float) for _ in range(2))
    require(np.array_equal(first, second), f"they differ by up to {np.abs(first - second).max():.3g}")


def _by_itself(how: _Subject, problem: Problem) -> None:
    learner, _ = _fitted(how, problem)
    inputs = problem.test.inputs
    together = np.asarray(learner.predict(inputs))
    order = stream(0, "contract order").permutation(len(inputs))
    first, last = np.arange(len(inputs))[:1], np.arange(len(inputs))[-1:]
    for which, chosen in (("the first", first), ("the last", last), ("another order of the", order)):
        same = np.allclose(together[chosen], np.asarray(learner.predict(inputs[chosen])), atol=1e-4)
        how_many = "sequence alone" if len(chosen) == 1 else "sequences"
        require(same, f"a prediction depends on the rest of its batch: {which} {how_many} gives another one")


def _padding(how: _Subject, problem: Problem) -> None:
    learner, _ = _fitted(how, problem)
    test = problem.test
    beyond = np.arange(_LENGTH) >= np.asarray(test.lengths)[:, None]
    noise = np.where(beyond[:, :, None], np.float32(7.5), test.inputs)
    other = replace(test, inputs=noise)
    clean, noisy = (predict(learner, one, classifies=problem.objective.classifies) for one in (test, other))
    gap = float(np.abs(clean - noisy).max())
    require(gap <= 1e-5, f"other numbers in the padding move predictions by up to {gap:.3g}")
    lengths = np.asarray(test.lengths)
    shortest: Any = np.flatnonzero(lengths == lengths.min())
    cut = Split(
        inputs=test.inputs[shortest][:, : lengths.min()], targets=test.targets[shortest], lengths=lengths[shortest]
    )
    with suppress(ValueError):  # some architectures have a window of fixed length
        alone = predict(learner, cut, classifies=problem.objective.classifies)
        gap = float(np.abs(alone - clean[shortest]).max())
        require(gap <= 1e-4, f"without their padding, sequences have predictions that differ by up to {gap:.3g}")


def _engines_agree(how: _Subject, problem: Problem, engine: str) -> None:
    first, other = _predicted(how, problem), _predicted(how, problem, engine)
    gap = float(np.abs(first - other).max())
    require(np.allclose(first, other, rtol=1e-3, atol=1e-4), f"their predictions differ by up to {gap:.3g}")


def _causal(how: _Subject, problem: Problem) -> None:
    learner, _ = _fitted(how, problem)
    scored = problem.test.scored
    changed = problem.test.inputs.copy()
    changed[:, -1] += 1.0
    before, after = np.asarray(learner.predict(problem.test.inputs)), np.asarray(learner.predict(changed))
    gap = float(np.abs(before[:, : scored - 1] - after[:, : scored - 1]).max())
    require(gap <= 1e-5, f"changing the last input moves earlier outputs by up to {gap:.3g}")


def _kept(how: _Subject, problems: tuple[Problem, ...]) -> None:
    for problem in (one for one in problems if _does(how, one)):
        learner, _ = _fitted(how, problem)
        same_when_restored(learner, _make(how, problem), _setting(how, problem), problem.test)


def _generated(learner: Learner, prefix: Array, steps: int) -> Array:
    truth = np.zeros((len(prefix), steps, prefix.shape[2]), np.float32)
    return generate(learner, FreeRun(prefix=prefix, truth=truth), _LENGTH)


def _runs(how: _Subject, problem: Problem) -> None:
    learner, _ = _fitted(how, problem)
    generated = _generated(learner, problem.test.inputs[:_STARTS], _STEPS)
    finite = np.asarray(np.isfinite(generated).all(axis=2))
    require(bool((finite[:, 1:] <= finite[:, :-1]).all()), "a run is finite again after values that were not")


def _same_run(how: _Subject, problem: Problem) -> None:
    prefix = problem.test.inputs[:_STARTS]
    first, second = (_generated(_fitted(how, problem)[0], prefix, _STEPS) for _ in range(2))
    require(np.array_equal(first, second, equal_nan=True), f"they differ by up to {np.abs(first - second).max():.3g}")


def _run_starts(how: _Subject, problem: Problem) -> None:
    learner, _ = _fitted(how, problem)
    prefix = problem.test.inputs[:_STARTS]
    generated, predicted = _generated(learner, prefix, 1)[:, 0], np.asarray(learner.predict(prefix))[:, -1]
    gap = float(np.abs(generated - predicted).max())
    require(np.allclose(generated, predicted, rtol=1e-3, atol=1e-4), f"on the same window they differ by {gap:.3g}")


def _run_goes_on(how: _Subject, problem: Problem) -> None:
    learner, _ = _fitted(how, problem)
    prefix = problem.test.inputs[:_STARTS]
    whole = _generated(learner, prefix, _STEPS)
    longer = np.concatenate([prefix, whole[:, :_FIRST]], axis=1)
    rest = _generated(learner, longer, _STEPS - _FIRST)
    same = np.allclose(rest, whole[:, _FIRST:], rtol=1e-3, atol=1e-4, equal_nan=True)
    gap = float(np.abs(rest - whole[:, _FIRST:]).max())
    require(same, f"continued from its own outputs, the run differs by up to {gap:.3g}")


def _untouched(how: _Subject, problems: tuple[Problem, ...]) -> None:
    problem = next((one for one in problems if _does(how, one)), problems[0])
    data, prefix = content(problem), problem.test.inputs[:_STARTS]

    def use() -> None:
        learner, _ = _fitted(how, problem)
        learner.predict(problem.test.inputs)
        if not problem.objective.classifies:
            with suppress(NotImplementedError):  # an architecture may decline free runs
                _generated(learner, prefix, _STEPS)

    untouched(use, "setting.seed")
    require(data == content(problem), "the arrays of the problem were changed")
