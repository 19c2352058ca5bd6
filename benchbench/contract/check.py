"""The contract that everything registered keeps; for ``benchbench check`` and for a third party's own tests."""

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchbench.contract import learner, task
from benchbench.contract.promises import BrokenPromiseError, UntestableError
from benchbench.core import study as studies
from benchbench.core.registry import Plugin
from benchbench.core.spec import Options
from benchbench.isolation.fault_text import describe
from benchbench.measure.switches import as_in_a_trial
from benchbench.run.failure import declines


@dataclass(frozen=True, kw_only=True)
class Check:
    """One promise put to the test: ``passed`` is None where it could not be tested, and ``detail`` says why."""

    subject: str
    promise: str
    passed: bool | None
    detail: str = ""


LENGTH = 40  # steps of the sequences that a task is asked for


def check(plugin: Plugin) -> list[Check]:
    """All promises of an architecture or a task, with its default options and with each option set of shipped studies.

    Fits take place under the switches of a trial: one thread, denormals flushed to zero, the allocator's settings.
    """
    sets = [({}, LENGTH), *shipped_sets(plugin)]
    with as_in_a_trial(), _warned_once():
        return [one for options, length in sets for one in _check(plugin, options, length)]


def shipped_sets(plugin: Plugin) -> list[tuple[Options, int]]:
    """The option sets of shipped studies that are not the default, each once, with the shortest length it is run at."""
    found: list[tuple[Options, int]] = []
    for file in studies.shipped().values():
        study = studies.read(file)
        named = study.architectures if plugin.kind == "architecture" else study.tasks
        for table in named.get(plugin.name, ()):
            for options in studies.option_sets(plugin, table, file.name):
                if studies.WIDTH not in plugin.options.model_fields:
                    options.pop(studies.WIDTH, None)  # the contract has widths of its own
                if options and options not in [known for known, _ in found]:
                    found.append((options, min(study.lengths)))
    return found


def _check(plugin: Plugin, options: Options, length: int) -> list[Check]:
    """Each promise; those that fail for a reason that was told already are counted at the end."""
    kind = learner if plugin.kind == "architecture" else task
    text = ", ".join(f"{name}={value}" for name, value in options.items())
    subject = f"{plugin.kind} {plugin.name}{f' ({text})' if text else ''}"
    checks, told, again = list[Check](), set[str](), 0
    for promise, test in kind.promises(plugin, options, length):
        found, reasons = _try(plugin, subject, promise, test)
        if reasons & told:
            again += 1
            continue
        told |= reasons
        checks.append(found)
        if plugin.kind == "task" and len(checks) == 1 and not found.passed:
            break  # without a problem there is nothing more to test
    if again:
        said = f"{again} more promise{' fails' if again == 1 else 's fail'} for a reason that is told above"
        checks.append(Check(subject=subject, promise=said, passed=None))
    return checks


def assert_contract(plugin: Plugin) -> None:
    """Raise AssertionError naming every broken promise: for a plug-in's own tests."""
    broken = [f"{c.subject}: {c.promise}: {c.detail}" for c in check(plugin) if c.passed is False]
    if broken:
        raise AssertionError("\n".join(broken))


def _try(plugin: Plugin, subject: str, promise: str, test: Callable[[], None]) -> tuple[Check, set[str]]:
    """What a test found, and the reasons by which the same mistake is known in other promises; none where it holds."""
    check = partial(Check, subject=subject, promise=promise)
    try:
        test()
    except UntestableError as reason:
        return check(passed=None, detail=str(reason)), set()
    except BrokenPromiseError as broken:
        same = f"{promise.rpartition(': ')[2]}: {_numberless(broken)}"  # of one scored step, of many, of classes
        return check(passed=False, detail=str(broken)), {same, _numberless(broken.__cause__)} - {""}
    except (Exception, SystemExit) as error:
        detail = describe(error, plugin.file)
        if declines(error):
            return check(passed=None, detail=detail), set()
        return check(passed=False, detail=detail), {_numberless(error)}
    return check(passed=True), set()


def _numberless(error: BaseException | None) -> str:
    """Kind and text of an exception without its numbers, which differ between problems of one mistake."""
    return "" if error is None else re.sub(r"\d+", "#", f"{type(error).__name__}: {error}")


@contextmanager
def _warned_once() -> Iterator[None]:
    """Show each warning of a library once inside, whatever the filters: many promises run the same code."""
    seen = set[tuple[object, ...]]()
    with warnings.catch_warnings():
        show = warnings.showwarning

        def once(*warning: Any, **where: Any) -> None:
            if (place := warning[1:4]) not in seen:  # category, file, line
                seen.add(place)
                show(*warning, **where)

        warnings.showwarning = once
        yield
