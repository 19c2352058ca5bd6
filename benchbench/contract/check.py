"""The contract that everything registered keeps; for ``benchbench check`` and for a third party's own tests."""

from collections.abc import Callable
from dataclasses import dataclass

from benchbench.contract import learner as learner_promises
from benchbench.contract import task as task_promises
from benchbench.contract.promises import BrokenPromiseError, UntestableError
from benchbench.core.registry import Plugin
from benchbench.isolation.fault_text import describe
from benchbench.run.failure import declines


@dataclass(frozen=True, kw_only=True)
class Check:
    """One promise put to the test: ``passed`` is None where it could not be tested, and ``detail`` says why."""

    subject: str
    promise: str
    passed: bool | None
    detail: str = ""


def check(plugin: Plugin) -> list[Check]:
    """All promises of an architecture or a task with its default options."""
    kind = learner_promises if plugin.kind == "architecture" else task_promises
    checks = []
    for promise, test in kind.promises(plugin):
        checks.append(_try(plugin, promise, test))
        if plugin.kind == "task" and len(checks) == 1 and not checks[0].passed:
            break  # without a problem there is nothing more to test
    return checks


def assert_contract(plugin: Plugin) -> None:
    """Raise AssertionError naming every broken promise: for a plug-in's own tests."""
    broken = [f"{c.subject}: {c.promise}: {c.detail}" for c in check(plugin) if c.passed is False]
    if broken:
        raise AssertionError("\n".join(broken))


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
