"""The contract that everything registered keeps; for ``benchbench check`` and for a third party's own tests."""

from collections.abc import Callable
from dataclasses import dataclass

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
    with as_in_a_trial():
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
    kind = learner if plugin.kind == "architecture" else task
    text = ", ".join(f"{name}={value}" for name, value in options.items())
    subject = f"{plugin.kind} {plugin.name}{f' ({text})' if text else ''}"
    checks = []
    for promise, test in kind.promises(plugin, options, length):
        checks.append(_try(plugin, subject, promise, test))
        if plugin.kind == "task" and len(checks) == 1 and not checks[0].passed:
            break  # without a problem there is nothing more to test
    return checks


def assert_contract(plugin: Plugin) -> None:
    """Raise AssertionError naming every broken promise: for a plug-in's own tests."""
    broken = [f"{c.subject}: {c.promise}: {c.detail}" for c in check(plugin) if c.passed is False]
    if broken:
        raise AssertionError("\n".join(broken))


def _try(plugin: Plugin, subject: str, promise: str, test: Callable[[], None]) -> Check:
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
