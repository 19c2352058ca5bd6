"""Options of a plug-in: the keyword-only parameters of its function are their schema."""

import inspect
import itertools
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import SimpleNamespace, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import ErrorDetails

from benchbench.core.errors import InputError, short, unknown
from benchbench.core.spec import NAME, NAME_RULE, Options

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
PositiveFloat = Annotated[float, Field(gt=0)]
NonNegativeFloat = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
BelowOne = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True)
class Search:
    """The range in which a tuning searches an option: from ``low`` to ``high``, evenly in the logarithm if ``log``.

    It is written in the option's annotation, as ``Annotated[PositiveFloat, Search(1e-4, 3e-2, log=True)]``. Values that
    a study gives may lie outside it. Raises InputError unless low < high, and 0 < low if ``log``.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise InputError(f"a space needs low < high, not {self.low!r} and {self.high!r}")
        if self.log and not self.low > 0:
            raise InputError(f"a space with log = true needs low > 0, not {self.low!r}")

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}{', logarithmic' if self.log else ''}"


@dataclass(frozen=True, init=False)
class Among:
    """The values of an option among which a tuning chooses, at least two; InputError where there are fewer."""

    values: tuple[Any, ...]

    def __init__(self, *values: Any) -> None:
        if len(values) < 2:
            raise InputError("a space needs at least two values; write a single value in the architecture's table")
        object.__setattr__(self, "values", values)

    def __str__(self) -> str:
        return " or ".join(map(str, self.values))


Space = Search | Among


def schema(function: Callable[..., Any], positional: tuple[str, ...]) -> type[BaseModel]:
    """The pydantic model of a plug-in's options, read from its signature.

    ``positional`` names the arguments that the harness passes, such as ``("setting",)``. Raises InputError where the
    signature is not that of a plug-in.
    """
    parameters = list(inspect.signature(function).parameters.values())
    given = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    options = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    form = f"def {function.__name__}({', '.join(positional)}, *, option: int = 1, ...)"
    if len(given) != len(positional) or len(given) + len(options) != len(parameters):
        raise InputError(f"{function.__name__} must have the form: {form}")
    try:
        own = inspect.unwrap(function)  # only of options: other annotations may name modules that are not imported
        wanted = {o.name: own.__annotations__[o.name] for o in options if o.name in own.__annotations__}
        hints = get_type_hints(SimpleNamespace(__annotations__=wanted), globalns=own.__globals__, include_extras=True)
    except Exception as error:
        raise InputError(f"{function.__name__}: an annotation cannot be read: {error}") from error
    fields: dict[str, Any] = {}
    for option in options:
        if option.name not in hints or option.default is option.empty:
            raise InputError(f"{function.__name__}: option {option.name!r} needs an annotation and a default")
        if option.name.startswith("_"):
            raise InputError(f"{function.__name__}: option {option.name!r} must start with a letter")
        fields[option.name] = (hints[option.name], option.default)
    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=())
    try:
        model = create_model(function.__name__, __config__=config, **fields)
    except Exception as error:
        raise InputError(f"{function.__name__}: the options cannot be made into a schema: {error}") from error
    spaces(model)
    return model


def expand(model: type[BaseModel], options: Options, where: str) -> list[Options]:
    """All option sets that a table of a study asks for.

    A list stands for one option set for each of its values, unless the option itself takes a list. The values are
    returned as plain JSON data, checked and converted, in the order of the study. Raises InputError for a wrong value.
    """
    axes = [_alternatives(model, name, value, where) for name, value in options.items()]
    return [dict(zip(options, values, strict=True)) for values in itertools.product(*axes)]


def bind(model: type[BaseModel], options: Options, where: str) -> dict[str, Any]:
    """The keyword arguments for a plug-in: the given options, converted to the types of its annotations."""
    parsed = _validate(model, options, where)
    return {name: getattr(parsed, name) for name in options}


def defaults(model: type[BaseModel]) -> Options:
    """The default of each option."""
    return {name: field.default for name, field in model.model_fields.items()}


def spaces(model: type[BaseModel]) -> dict[str, Space]:
    """The search spaces in the annotations, by option.

    Raises InputError for an option with two spaces, or with a space whose values it refuses.
    """
    found: dict[str, Space] = {}
    for name, field in model.model_fields.items():
        for one in field.metadata:
            if isinstance(one, Search | Among):
                if name in found:
                    both = f"{found[name]}, and {one}"
                    raise InputError(f"{model.__name__}: option {name!r} has two spaces: {both}; leave one of them out")
                found[name] = checked(model, name, one, model.__name__)
    return found


def checked(model: type[BaseModel], name: str, space: Space, where: str) -> Space:
    """Check a space against an option and return it with plain values.

    Raises InputError where the option refuses a value, and for a Search of an option that is not a number.
    """
    if isinstance(space, Among):
        values = [_plain(model, name, value, where) for value in space.values]
        twice = [value for i, value in enumerate(values) if value in values[:i]]
        if twice:
            raise InputError(f"{where}: {name}: {short(twice[0])} is given twice; give each value once")
        return Among(*values)
    kind = number(model, name)
    if kind is None:
        raise InputError(f"{where}: {name} is not a number, so its space must be a list of values")
    ends = (kind(end) if kind(end) == end else end for end in (space.low, space.high))  # 1.0 counts as whole
    low, high = (_plain(model, name, end, where) for end in ends)
    return Search(low, high, log=space.log)


def number(model: type[BaseModel], name: str) -> type[float] | type[int] | None:
    """The type of number that an option takes, float or int; None where it takes no number."""
    annotation = model.model_fields[name].annotation
    several = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    kinds = [get_args(one)[0] if get_origin(one) is Annotated else one for one in several]
    if float in kinds:
        return float
    return int if int in kinds else None


def choices(model: type[BaseModel], name: str) -> tuple[str, ...]:
    """The values that the annotation of an option lists as allowed; empty where it lists none."""
    annotation = model.model_fields[name].annotation
    return tuple(str(value) for value in get_args(annotation)) if get_origin(annotation) is Literal else ()


def _alternatives(model: type[BaseModel], name: str, value: Any, where: str) -> list[Any]:
    try:
        return [_plain(model, name, value, where)]
    except InputError as whole:
        if not isinstance(value, (list, tuple)) or name not in model.model_fields:
            raise
        if not value:
            raise InputError(f"{where}: {name} is an empty list, so nothing would run; give a value") from None
        try:
            choices = [_plain(model, name, item, where) for item in value]
        except InputError as part:
            meant_whole = _takes_list(model.model_fields[name].annotation) and not isinstance(value[0], list)
            raise (whole if meant_whole else part) from None
        twice = [choice for i, choice in enumerate(choices) if choice in choices[:i]]
        if twice:
            raise InputError(f"{where}: {name}: {short(twice[0])} is given twice; give each value once") from None
        return choices


def _takes_list(annotation: Any) -> bool:
    origin = get_origin(annotation) or annotation
    if origin in (Union, UnionType):
        return any(_takes_list(part) for part in get_args(annotation))
    return isinstance(origin, type) and issubclass(origin, Collection) and not issubclass(origin, (str, bytes, Mapping))


def _plain(model: type[BaseModel], name: str, value: Any, where: str) -> Any:
    parsed = _validate(model, {name: value}, where)
    return parsed.model_dump(mode="json", include={name})[name]


def _validate(model: type[BaseModel], options: Options, where: str) -> BaseModel:
    for name in options:
        if name not in model.model_fields:
            raise unknown("option", name, model.model_fields, where)
    try:  # as JSON, so that a TOML array may fill a tuple while a number in quotes stays an error
        return model.model_validate_json(json.dumps(options, default=str))
    except ValidationError as error:
        raise InputError(f"{where}: {describe(error)}") from None


def describe(error: ValidationError) -> str:
    """The first three errors of a validation in one line: the key, what is wrong, and what was given."""
    parts = []
    items = error.errors()
    inner = [item["loc"][:-1] for item in items if item["loc"]]
    for item in items:
        if item["type"] == "too_short" and item["loc"] in (place[: len(item["loc"])] for place in inner):
            continue  # it is too short because its items were refused, and those errors are listed
        place = "".join(f" number {part + 1}" if isinstance(part, int) else f".{part}" for part in item["loc"])
        given = "" if item["type"] in ("missing", "value_error") else f", got {short(item['input'])}"
        parts.append(" ".join(f"{place[1:] + ': ' if place else ''}{_message(item)}{given}".split()))
    return "; ".join(parts[:3])


def _message(item: ErrorDetails) -> str:
    context = item.get("ctx", {})
    if item["type"] == "string_pattern_mismatch" and context["pattern"] == NAME:
        return NAME_RULE
    if item["type"] in ("byte_size", "byte_size_unit"):
        return 'not a size, write "3GiB"'
    if item["type"] == "missing":
        return "required, but missing"
    if item["type"] == "too_short":
        return f"at least {context['min_length']} needed"
    return item["msg"].removeprefix("Value error, ").replace("an object", "a table")
