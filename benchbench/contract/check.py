"""Check the contract on a plug-in, for ``benchbench check`` and for the tests of third parties."""

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchbench.contract import learner, task
from benchbench.contract.promises import BrokenPromiseError, UntestableError
from benchbench.core import study as studies
from benchbench.core.registry import Plugin
from benchbench.core.shipped import shipped
from benchbench.core.spec import Options
from benchbench.isolation.fault_text import describe
from benchbench.measure.switches import as_in_a_trial
from benchbench.run.failure import declines


@dataclass(frozen=True, kw_only=True)
class Check:
    """The check of one promise; where it could not be tested, ``passed`` is None and ``detail`` says why."""

    subject: str
    promise: str
    passed: bool | None
    detail: str = ""


LENGTH = 40  # steps of the sequences that tasks are asked to make


def check(plugin: Plugin) -> list[Check]:
    """Check all promises of an architecture or a task, with its default options and each option set of shipped studies.

    Fits run under the switches of a trial: one thread, denormals flushed to zero, the allocator's settings.
    """
    sets = [({}, LENGTH), *shipped_sets(plugin)]
    with as_in_a_trial(), _warned_once():
        return [one for options, length in sets for one in _check(plugin, options, length)]


def shipped_sets(plugin: Plugin) -> list[tuple[Options, int]]:
    """The option sets of shipped studies, without the default, each once with the shortest length of its study."""
    found: list[tuple[Options, int]] = []
    for address, file in shipped().items():
        if "/" in address:  # other tests run the studies of a folder as a whole, at toy size
            continue
        study = studies.read(file)
        named = study.architectures if plugin.kind == "architecture" else study.tasks
        for table in named.get(plugin.name, ()):
            for options in studies.option_sets(plugin, table, file.name):
                for name in {studies.WIDTH, studies.LABEL} - plugin.options.model_fields.keys():
                    options.pop(name, None)  # the contract chooses the widths itself
                if options and options not in [known for known, _ in found]:
                    found.append((options, min(study.lengths)))
    return found


def _check(plugin: Plugin, options: Options, length: int) -> list[Check]:
    """Check each promise; promises that fail for a reason that was reported already are counted at the end."""
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
            break  # without a problem, no other promise can be tested
    if again:
        said = f"{again} more promise{' fails' if again == 1 else 's fail'} for a reason that is reported above"
        checks.append(Check(subject=subject, promise=said, passed=None))
    return checks


def assert_contract(plugin: Plugin) -> None:
    """Raise an AssertionError that names every broken promise of a plug-in, for the plug-in's own tests."""
    broken = [f"{c.subject}: {c.promise}: {c.detail}" for c in check(plugin) if c.passed is False]
    if broken:
        raise AssertionError("\n".join(broken))


def _try(plugin: Plugin, subject: str, promise: str, test: Callable[[], None]) -> tuple[Check, set[str]]:
    """The check of a promise, and texts that identify the mistake where it breaks other promises too."""
    passed: bool | None = False
    reasons: set[str] = set()
    try:
        test()
    except UntestableError as reason:
        passed, detail = None, str(reason)
    except BrokenPromiseError as broken:
        same = f"{promise.rpartition(': ')[2]}: {_numberless(broken)}"  # alike for one scored step, many, or classes
        detail, reasons = str(broken), {same, _numberless(broken.__cause__)} - {""}
    except (Exception, SystemExit) as error:
        detail = describe(error, plugin.file)
        if declines(error):
            passed = None
        else:
            reasons = {_numberless(error)}
    else:
        passed, detail = True, ""
    return Check(subject=subject, promise=promise, passed=passed, detail=detail), reasons


def _numberless(error: BaseException | None) -> str:
    """The type and text of an exception without its numbers, in which one mistake differs between problems."""
    return "" if error is None else re.sub(r"\d+", "#", f"{type(error).__name__}: {error}")


@contextmanager
def _warned_once() -> Iterator[None]:
    """A context that shows each warning of a library once, since many promises run the same code."""
    seen = set[tuple[object, ...]]()
    with warnings.catch_warnings():
        show = warnings.showwarning

        def once(*warning: Any, **where: Any) -> None:
            if (place := warning[1:4]) not in seen:  # category, file, line
                seen.add(place)
                show(*warning, **where)

        warnings.showwarning = once
        yield
