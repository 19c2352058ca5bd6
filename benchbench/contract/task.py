"""The promises of every task, and their tests."""

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, Literal

import numpy as np

from benchbench.contract.promises import BrokenPromiseError, Promises, UntestableError, content, require, untouched
from benchbench.core.errors import InputError
from benchbench.core.options import bind
from benchbench.core.problem import Array, FreeRun, Problem, Split
from benchbench.core.registry import Plugin
from benchbench.core.seeds import stream
from benchbench.core.spec import Options
from benchbench.isolation.fault_text import describe

_STRETCH = 8  # steps of a stretch that two splits must not share

Make = Callable[[], Problem]


def promises(plugin: Plugin, options: Options, length: int) -> Promises:
    """Yield each promise of a task with these options and sequences of ``length`` steps, and its test.

    The other promises can be tested only where the first one holds.
    """
    length = length if plugin.lengths is None or length in plugin.lengths else plugin.lengths[0]
    bound = bind(plugin.options, options, f"[tasks.{plugin.name}]")
    afresh = partial(_problem, plugin, bound, length)
    once = cache(afresh)
    yield "it makes a problem of the requested length, with finite values", partial(_well_formed, once, length)
    yield "the same seed gives the same bytes", partial(_same_bytes, once, afresh)
    if not plugin.seeded:
        other = partial(_problem, plugin, bound, length, seed=1)
        yield "every seed gives the same bytes, as it is not seeded", partial(_same_bytes, once, other)
    yield "no stretch of train is in valid or test too", partial(_disjoint, once)
    problem = once()
    if problem.asks == "forecast":
        yield "the targets lie ahead of the inputs they are scored with", partial(_ahead, once)
    if problem.objective.classifies:
        yield "every class that is asked for occurs in train", partial(_classes, once)
    yield "its metrics give numbers", partial(_metrics, once, plugin.file)
    yield "the scaling is fitted on train alone", partial(_scaled_on_train, once)
    yield "the truth of a free run continues where its prefix ends", partial(_goes_on, once)
    yield "a free run generates no stretch that is in train or in a test input", partial(_run_unseen, once)
    yield "the starts that choose option sets for the free run are not its own", partial(_valid_run_unseen, once)
    yield "global random generators stay untouched", partial(untouched, afresh, "rng")


def _problem(plugin: Plugin, options: dict[str, Any], length: int, seed: int = 0) -> Problem:
    try:
        problem = plugin.function(stream(seed, "data", plugin.name), length, **options)
    except InputError as error:
        raise UntestableError(str(error)) from error
    if not isinstance(problem, Problem):
        raise BrokenPromiseError(f"it must return a benchbench.Problem, not {type(problem).__name__}")
    return problem


def _well_formed(make: Make, length: int) -> None:
    problem = make()
    steps = problem.train.inputs.shape[1]
    require(steps == length, f"sequences have {steps} steps where {length} were asked for")
    for name in ("train", "valid", "test"):
        split: Split = getattr(problem, name)
        finite = np.isfinite(split.inputs).all() and np.isfinite(split.targets).all()
        require(bool(finite), f"{name} holds NaN or infinite values")
    for name, run in (("free_run", problem.free_run), ("valid_run", problem.valid_run)):
        good = run is None or bool(np.isfinite(run.prefix).all() and np.isfinite(run.truth).all())
        require(good, f"{name} holds NaN or infinite values")


def _same_bytes(make: Make, afresh: Make) -> None:
    require(content(make()) == content(afresh()), "two problems differ that should be the same")


def _disjoint(make: Make) -> None:
    problem = make()
    known = _known(problem)
    for name in ("valid", "test"):
        split: Split = getattr(problem, name)
        heads, tails = _stretches(split, where="head"), _stretches(split, where="tail")
        shared = sum(head in known or tail in known for (head,), (tail,) in zip(heads, tails, strict=True))
        require(shared == 0, f"{shared} of {len(split)} sequences of {name} hold a stretch that is in train too")


def _known(problem: Problem) -> set[bytes]:
    """Every stretch of train as bytes; UntestableError where the last stretches of two sequences are equal."""
    _distinct(problem.train)
    return {stretch for sequence in _stretches(problem.train) for stretch in sequence}


def _distinct(split: Split) -> None:
    ends = [tail for (tail,) in _stretches(split, where="tail")]
    if len(set(ends)) < len(ends):
        raise UntestableError("the signal repeats itself exactly, so that a leak cannot be recognised")


def _stretches(split: Split, where: Literal["head", "tail", "all"] = "all") -> Iterator[list[bytes]]:
    """The stretches of a few steps of each sequence, as bytes: all of them, or the first or last one only."""
    time = split.inputs.shape[1]
    ends = np.full(len(split), time) if split.lengths is None else split.lengths
    for inputs, end in zip(split.inputs, ends, strict=True):
        last = max(0, int(end) - _STRETCH)
        offsets = {"head": range(1), "tail": range(last, last + 1), "all": range(last + 1)}[where]
        yield [np.ascontiguousarray(inputs[o : min(o + _STRETCH, int(end))]).tobytes() for o in offsets]


def _ahead(make: Make) -> None:
    problem = make()
    test = problem.test
    if test.inputs.shape[2] != test.targets.shape[2] or test.lengths is not None:
        raise UntestableError("the targets are another quantity than the inputs, or sequences differ in length")
    _distinct(problem.train)
    _, steps, _ = test.inputs.shape
    scored = test.scored
    for lag in range(steps - scored + 1):  # targets that equal earlier inputs are no forecast
        seen = test.inputs[:, steps - scored - lag : steps - lag]
        if np.allclose(seen, test.targets, rtol=1e-4, atol=1e-6):
            raise BrokenPromiseError(
                f"the targets equal the inputs of {lag} steps before" if lag else "the targets equal the inputs"
            )


def _classes(make: Make) -> None:
    problem = make()
    counts = problem.train.targets.sum(axis=(0, 1))
    missing = [(problem.classes or range(len(counts)))[i] for i in np.flatnonzero(counts == 0)]
    require(not missing, f"no example of {missing} in train")


def _metrics(make: Make, home: str) -> None:
    """Call each metric once, on predictions near the targets."""
    problem = make()
    test, undefined = problem.test, []
    predictions = _near(problem)
    for name, metric in problem.objective.metrics.items():
        require(not metric.labels or test.labels is not None, f"metric {name!r} needs labels, and test holds none")
        try:
            value = float(metric.function(test.targets, predictions, *([test.labels] if metric.labels else [])))
        except (ValueError, ArithmeticError) as reason:  # a metric raises these where it is undefined
            undefined.append(f"metric {name!r} is undefined on toy predictions: {describe(reason, home)}")
            continue
        except Exception as error:
            raise BrokenPromiseError(f"metric {name!r} raises {describe(error, home)}") from error
        if not np.isfinite(value):
            undefined.append(f"metric {name!r} gives {value} on toy predictions")
    if undefined:
        raise UntestableError("; ".join(undefined))


def _near(problem: Problem) -> Array:
    """Predictions for the test split: the targets with a little noise, or probabilities that are mostly right."""
    targets = problem.test.targets
    if problem.objective.classifies:
        believed = targets.copy()
        believed[::5] = np.roll(believed[::5], 1, axis=2)
        near = 0.7 * believed + 0.3 / targets.shape[2]
    else:
        near = targets + 0.1 * targets.std() * stream(0, "contract metrics").standard_normal(targets.shape)
    made: Array = near.astype(np.float32)
    return made


def _scaled_on_train(make: Make) -> None:
    problem = make()
    if problem.train.lengths is not None:
        raise UntestableError("the sequences differ in length, so that padding is mixed with the signal")
    train, *others = (_series(split.inputs) for split in (problem.train, problem.valid, problem.test))
    off_train, off_all = _off_standard(train), _off_standard(np.concatenate([train, *others]))
    leaks = off_train > 0.1 and off_all < off_train / 4
    require(not leaks, f"all splits together are standardised (off by {off_all:.2g}), train is not ({off_train:.2g})")


def _series(inputs: Array) -> Array:
    """The series (time, feature) of which inputs (sequence, time, feature) are windows; each step occurs once.

    Sequences that share no steps are put one after the other.
    """
    for stride in range(1, min(inputs.shape[1], 33)):
        if len(inputs) > 1 and np.array_equal(inputs[0, stride:], inputs[1, :-stride]):
            return np.concatenate([inputs[0], inputs[1:, -stride:].reshape(-1, inputs.shape[2])])
    return inputs.reshape(-1, inputs.shape[2])


def _off_standard(series: Array) -> float:
    """The largest distance of the means from 0 and of the standard deviations from 1."""
    return float(max(np.abs(series.mean(axis=0)).max(), np.abs(series.std(axis=0) - 1).max()))


def _free_run(make: Make) -> FreeRun:
    run = make().free_run
    if run is None:
        raise UntestableError("it declares no free run")
    return run


def _goes_on(make: Make) -> None:
    run = _free_run(make)
    jump = np.abs(run.truth[:, 0] - run.prefix[:, -1]).max(axis=0)
    steps = [np.abs(np.diff(part, axis=1)).max(axis=(0, 1), initial=0) for part in (run.prefix, run.truth)]
    largest = np.maximum(*steps)
    text = f"between them the signal jumps by {jump.max():.3g}, within them by {largest[jump.argmax()]:.3g} at most"
    require(bool((jump <= largest * (1 + 1e-3)).all()), text)


def _run_unseen(make: Make) -> None:
    run = _free_run(make)
    problem = make()
    _distinct(problem.train)
    _require_unseen(run.truth, {"train": problem.train, "test": problem.test})


def _valid_run_unseen(make: Make) -> None:
    problem = make()
    if problem.valid_run is None:  # a task may leave it out: one-step errors choose option sets then
        return
    _distinct(problem.train)
    _require_unseen(problem.valid_run.truth, {"train": problem.train, "test": problem.test})
    prefix = _free_run(make).prefix  # without the truth, since two noiseless sines may coincide later
    _require_unseen(problem.valid_run.prefix, {"the free run": Split(inputs=prefix, targets=prefix[:, -1:])})


def _require_unseen(values: Array, others: dict[str, Split]) -> None:
    for name, split in others.items():
        known = {stretch for sequence in _stretches(split) for stretch in sequence}
        starts = _stretches(Split(inputs=values, targets=values[:, -1:]))
        seen = [any(stretch in known for stretch in start) for start in starts]
        require(not any(seen), f"{sum(seen)} of {len(seen)} starts hold a stretch that is in {name} too")
