"""What every task promises."""

from collections.abc import Callable
from functools import cache, partial

import numpy as np

from benchbench.contract.promises import BrokenPromiseError, Promises, UntestableError, content, require, untouched
from benchbench.core.errors import InputError
from benchbench.core.problem import Array, FreeRun, Problem, Split
from benchbench.core.registry import Plugin
from benchbench.core.seeds import stream

_LENGTH = 40
_STRETCH = 8  # steps that two parts must not share

Make = Callable[[], Problem]


def promises(plugin: Plugin) -> Promises:
    """Each promise of a task with its test; the first must hold for the others to be tested."""
    afresh = partial(_problem, plugin)
    once = cache(afresh)
    yield "it makes a problem of the asked length, all finite", partial(_well_formed, once)
    yield "the same seed gives the same bytes", partial(_same_bytes, once, afresh)
    yield "no stretch of train comes back in valid or test", partial(_disjoint, once)
    yield "the targets lie ahead of the inputs they are scored with", partial(_ahead, once)
    yield "the scaling is fitted on train alone", partial(_scaled_on_train, once)
    yield "the truth of a free run goes on where its prefix ends", partial(_goes_on, once)
    yield "no stretch of train is to be generated in a free run", partial(_run_unseen, once)
    yield "global random generators stay untouched", partial(untouched, afresh, "rng")


def _problem(plugin: Plugin) -> Problem:
    try:
        problem = plugin.function(stream(0, "data", plugin.name), _LENGTH)
    except InputError as error:
        raise UntestableError(str(error)) from error
    if not isinstance(problem, Problem):
        raise BrokenPromiseError(f"it must return a benchbench.Problem, not {type(problem).__name__}")
    return problem


def _well_formed(make: Make) -> None:
    problem = make()
    steps = problem.train.inputs.shape[1]
    require(steps == _LENGTH, f"sequences have {steps} steps where {_LENGTH} were asked for")
    for name in ("train", "valid", "test"):
        split: Split = getattr(problem, name)
        finite = np.isfinite(split.inputs).all() and np.isfinite(split.targets).all()
        require(bool(finite), f"{name} holds NaN or infinite values")
    if problem.free_run is not None:
        run = problem.free_run
        finite = np.isfinite(run.prefix).all() and np.isfinite(run.truth).all()
        require(bool(finite), "free_run holds NaN or infinite values")


def _same_bytes(make: Make, afresh: Make) -> None:
    require(content(make()) == content(afresh()), "two problems of one seed differ")


def _disjoint(make: Make) -> None:
    problem = make()
    known = _known(problem)
    for name in ("valid", "test"):
        every = _stretches(getattr(problem, name).inputs)
        shared = sum(head in known or tail in known for head, tail in zip(every[0], every[-1], strict=True))
        require(shared == 0, f"{shared} of {len(every[0])} sequences of {name} hold a stretch that train holds too")


def _known(problem: Problem) -> set[bytes]:
    """Every stretch of train; UntestableError where the last ones of some sequences are the same."""
    _distinct(problem.train.inputs)
    return {stretch for stretches in _stretches(problem.train.inputs) for stretch in stretches}


def _distinct(inputs: Array) -> None:
    ends = _stretches(inputs)[-1]
    if len(set(ends)) < len(ends):
        raise UntestableError("the signal repeats itself exactly, so that a leak cannot be told from it")


def _stretches(inputs: Array) -> list[list[bytes]]:
    """For each offset, the stretch of a few steps of each sequence there, as bytes; first the heads, last the tails."""
    steps = min(_STRETCH, inputs.shape[1])
    return [
        [np.ascontiguousarray(row).tobytes() for row in inputs[:, offset : offset + steps]]
        for offset in range(inputs.shape[1] - steps + 1)
    ]


def _ahead(make: Make) -> None:
    test = make().test
    if test.inputs.shape[2] != test.targets.shape[2]:
        raise UntestableError("the targets are another quantity than the inputs")
    _distinct(make().train.inputs)
    _, steps, _ = test.inputs.shape
    scored = test.scored
    for lag in range(steps - scored + 1):  # targets equal to what is already seen at every step would be no forecast
        seen = test.inputs[:, steps - scored - lag : steps - lag]
        if np.allclose(seen, test.targets, rtol=1e-4, atol=1e-6):
            raise BrokenPromiseError(
                f"the targets are the inputs of {lag} steps before" if lag else "targets are inputs"
            )


def _scaled_on_train(make: Make) -> None:
    problem = make()
    train, *others = (_series(split.inputs) for split in (problem.train, problem.valid, problem.test))
    off_train, off_all = _off_standard(train), _off_standard(np.concatenate([train, *others]))
    leaks = off_train > 0.1 and off_all < off_train / 4
    require(not leaks, f"all splits together are standardised (off by {off_all:.2g}), train is not ({off_train:.2g})")


def _series(inputs: Array) -> Array:
    """The steps that windows with a stride share, each once; sequences that share none, one after the other."""
    for stride in range(1, min(inputs.shape[1], 33)):
        if len(inputs) > 1 and np.array_equal(inputs[0, stride:], inputs[1, :-stride]):
            return np.concatenate([inputs[0], inputs[1:, -stride:].reshape(-1, inputs.shape[2])])
    return inputs.reshape(-1, inputs.shape[2])


def _off_standard(series: Array) -> float:
    """How far mean and standard deviation are from 0 and 1."""
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
    known = _known(make())
    seen = [any(stretch in known for stretch in start) for start in zip(*_stretches(run.truth), strict=True)]
    require(not any(seen), f"{sum(seen)} of {len(seen)} starts hold a stretch that train holds too")
