"""Study: a named grid of trials, read from one TOML file."""

import json
import tomllib
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ByteSize, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from benchbench.core.errors import InputError, unknown
from benchbench.core.ladder import expanded, ladders
from benchbench.core.options import describe, expand
from benchbench.core.registry import Kind, Plugin, Registry
from benchbench.core.shipped import find, shipped  # noqa: F401  they are known under this address too
from benchbench.core.spec import Budget, Frozen, Label, Name, Options, Positive, Trial, ValidateAt
from benchbench.core.study_keys import known_keys, no_dates
from benchbench.core.tries import searched, tries
from benchbench.core.tuning import Tuned, Tuning


def _listed(value: Any) -> Any:
    if not isinstance(value, (dict, list, tuple)):
        raise PydanticCustomError("table", "Input should be a table, or several as [[...]]")
    return [value] if isinstance(value, dict) else value


Sets = Annotated[tuple[Options, ...], BeforeValidator(_listed), Field(min_length=1, strict=False)]
"""One table of options, or a list of tables; a list as an option's value stands for one option set for each value."""


WIDTH, LABEL = "width", "label"


class _Width(Frozen):
    width: Positive = 64


class _Label(Frozen):
    label: Label


_FURTHER: dict[str, type[BaseModel]] = {WIDTH: _Width, LABEL: _Label}
"""The keys that the table of every architecture takes in addition to its options."""


class Study(Frozen):
    """What to run: every task x architecture x length x device x seed x budget, and every option set.

    ``seeds`` is the number of seeds (0, 1, ...). A trial that takes longer than ``timeout`` seconds or more memory than
    ``memory_limit`` bytes (or a text such as "3GiB") is killed. ``closed_loop`` adds the free runs of tasks that
    declare one. ``engines``: an architecture gets one trial for each of these engines that it has; an architecture with
    none of them runs once, on its own first engine. ``microscope`` keeps snapshots of learners as artifacts, and
    ``predictions`` all predictions. ``validate_at``: the validation split is scored at "tenths" of the budget, or at
    the end of "epochs". ``allocator``: "keep" freed memory in the process, or the C library's "default".

    A list as an option's value gives one option set for each of its values; several tables [[architectures.esn]] give
    option sets one by one. ``width`` is an option of every architecture and overrides the budget's width. A table with
    a ``label`` is a competitor of its own, which the report shows under that name. A budget with a list as one of its
    limits is a ladder, with a budget for each rung; ``budget_lengths`` names budgets that run at some of the lengths
    only. ``tuning`` chooses an option set for each competitor beforehand.
    """

    name: Name
    description: str = ""
    lengths: Annotated[tuple[Positive, ...], Field(min_length=1, strict=False)]
    devices: Annotated[tuple[str, ...], Field(min_length=1, strict=False)] = ("cpu",)
    engines: Annotated[tuple[Name, ...], Field(min_length=1, strict=False)] = ("torch",)
    seeds: Annotated[int, Field(ge=1, le=10_000)] = 5
    timeout: Annotated[float, Field(gt=0)] | None = None
    closed_loop: bool = True
    microscope: bool = False
    predictions: bool = False
    validate_at: ValidateAt = "tenths"
    memory_limit: Annotated[ByteSize, Field(gt=0)] | None = None
    allocator: Literal["keep", "default"] = "keep"
    plugins: Annotated[tuple[str, ...], Field(strict=False)] = ()
    budgets: Annotated[
        tuple[Annotated[Budget, Field(strict=False)], ...],
        BeforeValidator(expanded),
        Field(min_length=1, strict=False),
    ]
    budget_lengths: dict[str, Annotated[tuple[Positive, ...], Field(min_length=1, strict=False)]] = Field(
        default_factory=dict
    )
    tuning: Tuning | None = None
    tasks: Annotated[dict[str, Sets], Field(min_length=1)]
    architectures: Annotated[dict[str, Sets], Field(min_length=1)]

    @model_validator(mode="after")
    def _distinct(self) -> "Study":
        for key, values in (
            ("lengths", self.lengths),
            ("devices", self.devices),
            ("engines", self.engines),
            ("budgets", tuple(budget.name for budget in self.budgets)),
        ):
            twice = [value for i, value in enumerate(values) if value in values[:i]]
            if twice:
                raise ValueError(f"{key}: {twice[0]!r} is given twice; give it once")
        return self

    @model_validator(mode="after")
    def _placed(self) -> "Study":
        """Check that ``budget_lengths`` names budgets and lengths of the study."""
        for name, lengths in self.budget_lengths.items():
            if name not in {budget.name for budget in self.budgets}:
                raise unknown("budget", name, (budget.name for budget in self.budgets), "budget_lengths")
            if wrong := [length for length in lengths if length not in self.lengths]:
                allowed = ", ".join(map(str, self.lengths))
                raise ValueError(f"budget_lengths.{name}: {wrong[0]} is not among the study's lengths, {allowed}")
        return self

    @model_validator(mode="after")
    def _tunable(self) -> "Study":
        """Check the table [tuning] against the budgets."""
        tuning, names = self.tuning, [budget.name for budget in self.budgets]
        if tuning is None:
            return self
        if tuning.budget is None and len(names) > 1:
            raise ValueError(f"tuning.budget: the study has several budgets; name one of {', '.join(names)}")
        if tuning.budget not in (None, *names):
            raise unknown("budget", tuning.budget, names, "tuning")
        if tuning.length not in (None, *self.lengths):
            allowed = ", ".join(map(str, self.lengths))
            raise ValueError(f"tuning.length: {tuning.length} is not among the study's lengths, {allowed}")
        if tuning.best > tuning.tries:
            raise ValueError(f"tuning: best = {tuning.best} is more than tries = {tuning.tries}; give at most that")
        budget = self._tuning_budget(tuning)
        if tuning.best and not any(budget in one.rungs[:-1] for one in ladders(self.budgets)):
            raise ValueError(
                f"tuning: best = {tuning.best}: {budget.name} must be a rung of a ladder that has a longer rung"
            )
        return self

    def trials(self, registry: Registry, source: str = "") -> list[Trial]:
        """List the trials of the grid, with the competitors of one task, length and seed side by side.

        Raises InputError for a name, option or value that does not exist; its message names ``source``, the file.
        """
        place = f"{source or self.name}: "
        tasks = self._sets(registry, "task", self.tasks, place)
        competitors = [
            (plugin, *self._labelled(plugin, options, place), engine)
            for plugin, options in self._sets(registry, "architecture", self.architectures, place)
            for engine in self._engines(registry, plugin, place)
        ]
        self._check_labels(((plugin.name, label) for plugin, _, label, _ in competitors), place)
        for task, _ in tasks:
            self._check_lengths(task, place, self.lengths)
        found: list[Trial] = []
        for device, budget in product(self.devices, self.budgets):
            once = [
                Trial(
                    study=self.name,
                    task=task.name,
                    architecture=competitor.name,
                    length=length,
                    device=device,
                    seed=0,
                    budget=budget,
                    task_options=task_options,
                    architecture_options=options,
                    competitor=label,
                    predictions=self.predictions,
                    versions=_versions(task, competitor, engine),
                    closed_loop=self.closed_loop,
                    engine=engine,
                    microscope=self.microscope,
                    validate_at=self.validate_at,
                )
                for (task, task_options), length, (competitor, options, label, engine) in product(
                    tasks, self.lengths, competitors
                )
                if length in self.budget_lengths.get(budget.name, self.lengths)
            ]
            # a copy is not checked again, which would take most of the time of a large study
            found += [one.model_copy(update={"seed": seed}) for seed in range(self.seeds) for one in once]
        return found

    def tuned(self, registry: Registry, source: str = "") -> Tuned | None:
        """The tuning of the grid, or None where the study has none; InputError, as in ``trials``, where it is wrong."""
        tuning, where = self.tuning, f"{source or self.name}: [tuning]"
        if tuning is None:
            return None
        for name in tuning.spaces:
            if name not in self.architectures:
                raise unknown("architecture", name, self.architectures, f"{where}.spaces")
        sets: dict[str, tuple[Options, ...]] = {}
        for name, tables in self.architectures.items():
            sets |= self._tried(registry.get("architecture", name), tables, tuning, where)
        length = tuning.length or sorted(self.lengths)[(len(self.lengths) - 1) // 2]
        for name in self.tasks:
            self._check_lengths(registry.get("task", name), f"{where} ", (length,))
        budget = self._tuning_budget(tuning)
        ladder = next((one for one in ladders(self.budgets) if budget in one.rungs), None)
        grid = self.trials(registry, source)
        return Tuned(tuning=tuning, grid=grid, tries=sets, length=length, budget=budget, ladder=ladder)

    def _tried(
        self, plugin: Plugin, tables: Iterable[Options], tuning: Tuning, where: str
    ) -> dict[str, tuple[Options, ...]]:
        """The option sets of an architecture that a tuning tries, by the names of its competitors."""
        given, spaces = tuning.space(plugin.name), f"{where}.spaces.{plugin.name}"
        fixed = set.intersection(*(set(table) for table in tables))
        if twice := sorted(fixed & set(given)):
            table = f"[architectures.{plugin.name}]"
            raise InputError(f"{spaces}: {twice[0]} has a value in {table} too: leave one of them out")
        found: dict[str, tuple[Options, ...]] = {}
        names: set[str] = set()
        for one in tables:
            axes = searched(plugin.options, _Width, given, one, spaces)
            labelled = (self._labelled(plugin, options, f"{where}: ") for options in option_sets(plugin, one, where))
            for options, label in labelled:
                name = label or plugin.name
                if name in found or (axes and name in names):
                    way = f"list values in [tuning.spaces.{plugin.name}], or give each set a label"
                    raise InputError(
                        f"{where}: {name} has several option sets in [architectures] and a space too: {way}"
                    )
                names.add(name)
                if not axes:
                    continue
                try:
                    found[name] = tries(options, axes, tuning.tries, sampler=tuning.sampler, name=name)
                except InputError as error:
                    raise InputError(f"{where}: {error}") from None
        return found

    def _tuning_budget(self, tuning: Tuning) -> Budget:
        """The budget under which option sets are tried."""
        return next(one for one in self.budgets if tuning.budget in (None, one.name))

    def _labelled(self, plugin: Plugin, options: Options, place: str) -> tuple[Options, str]:
        """Split an option set into the options without the label, and the label, which is empty where there is none."""
        label = "" if LABEL in plugin.options.model_fields else options.get(LABEL, "")
        if label in self.architectures:
            where = f"{place}[architectures.{plugin.name}]"
            raise InputError(f"{where}: label {label!r} is the name of an architecture of the study; choose another")
        return ({k: v for k, v in options.items() if k != LABEL} if label else options), label

    def _engines(self, registry: Registry, plugin: Plugin, place: str) -> list[str]:
        """The engines of the study that an architecture has, or its own first engine where it has none of them."""
        known = {"torch", *(e for one in registry.plugins.values() for e in one.engines)}
        for engine in self.engines:
            if engine not in known:
                raise unknown("engine", engine, known, where=f"{place}engines")
        return [engine for engine in self.engines if engine in plugin.engines] or [next(iter(plugin.engines))]

    @staticmethod
    def _check_labels(named: Iterable[tuple[str, str]], place: str) -> None:
        owners: dict[str, str] = {}
        for name, label in named:
            if label and owners.setdefault(label, name) != name:
                where = f"{place}[architectures.{name}]"
                raise InputError(f"{where}: label {label!r} is also a label of {owners[label]}; choose another")

    @staticmethod
    def _check_lengths(task: Plugin, place: str, lengths: Iterable[int]) -> None:
        wrong = [length for length in lengths if task.lengths is not None and length not in task.lengths]
        if wrong and task.lengths is not None:
            allowed = ", ".join(map(str, task.lengths))
            raise InputError(f"{place}lengths: task {task.name!r} cannot make {wrong[0]}. Allowed: {allowed}")

    @staticmethod
    def _sets(registry: Registry, kind: Kind, named: dict[str, Sets], place: str) -> list[tuple[Plugin, Options]]:
        sets = []
        for name, tables in named.items():
            plugin = registry.get(kind, name, where=f"{place}[{kind}s]")
            where = f"{place}[{kind}s.{name}]"
            chosen: list[Options] = []
            for table in tables:
                chosen += [one for one in option_sets(plugin, table, where) if one not in chosen]
            sets += [(plugin, one) for one in chosen]
        return sets


def _versions(task: Plugin, competitor: Plugin, engine: str) -> dict[str, int]:
    versions = {"task": task.version, "architecture": competitor.version}
    version = competitor.engines[engine]
    return versions if version is None else {**versions, "engine": version}


def option_sets(plugin: Plugin, table: Options, where: str) -> list[Options]:
    """The option sets that a table of a study stands for.

    The table of an architecture also takes ``width``, and ``label`` for its name in the report, unless the architecture
    has an option of that name itself.
    """
    further = {name: model for name, model in _FURTHER.items() if name not in plugin.options.model_fields}
    if plugin.kind != "architecture" or not further.keys() & table.keys():
        return expand(plugin.options, table, where)
    own = {name: value for name, value in table.items() if name not in further}
    given = [expand(model, {name: table[name]}, where) for name, model in further.items() if name in table]
    every = product(*given, expand(plugin.options, own, where))
    return [{name: value for one in reversed(sets) for name, value in one.items()} for sets in every]


def read(file: Path) -> Study:
    """Read the study in a TOML file, relative to which plug-in paths are meant.

    Raises InputError that names the file, the key and what is allowed.
    """
    try:
        content = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not a text file: {error.reason} at byte {error.start}") from None
    except (ValueError, RecursionError) as error:  # includes numbers and nestings that are too long for Python
        raise InputError(f"{file}: not TOML: {error}") from None
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
    if not content:
        raise InputError(f"{file}: empty; a study needs {', '.join(_required())}")
    known_keys(content, Study.model_fields, str(file))
    no_dates(content, str(file))
    try:  # validated as JSON: arrays may fill tuples, while a number in quotes is still an error
        study = Study.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise InputError(f"{file}: {describe(error)}") from None
    except ValueError as error:  # a hexadecimal number that is too long for Python
        raise InputError(f"{file}: {error}") from None
    folder = file.parent.resolve()
    plugins = tuple(str(folder / plugin) for plugin in study.plugins)
    return study.model_copy(update={"plugins": plugins})


def _required() -> list[str]:
    return [name for name, field in Study.model_fields.items() if field.is_required()]
