"""The option sets that a tuning tries: the default, and points of a search space, in a fixed order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import exp, log
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel

from benchbench.core.errors import InputError, unknown
from benchbench.core.options import Among, Space, checked, defaults, number, spaces
from benchbench.core.seeds import integer
from benchbench.core.spec import Options

Sampler = Literal["sobol", "grid"]

_DIGITS = 3  # significant digits of a value
_DRAWS = 4_096  # points of the Sobol sequence that are looked at for different option sets


class Axis(NamedTuple):
    """An option that is searched: its name, its space, its default, and whether its values are whole numbers."""

    name: str
    space: Space
    default: Any
    whole: bool = False

    def at(self, share: float) -> Any:
        """The value at a share of the space, 0 to 1; numbers are rounded to three significant digits."""
        space = self.space
        if isinstance(space, Among):
            return space.values[min(int(share * len(space.values)), len(space.values) - 1)]
        if self.whole:  # every whole number has an equal share of the space, or of its logarithm
            end = space.high + 1
            value = space.low * (end / space.low) ** share if space.log else space.low + share * (end - space.low)
            return min(int(value), int(space.high))
        if space.log:
            value = exp(log(space.low) + share * (log(space.high) - log(space.low)))
        else:
            value = space.low + share * (space.high - space.low)
        return min(max(float(f"{value:.{_DIGITS}g}"), space.low), space.high)

    def levels(self, count: int) -> list[Any]:
        """``count`` evenly spaced values from one end of the space to the other; a single value is the middle.

        A list of values gives all its values, whatever ``count`` is.
        """
        if isinstance(self.space, Among):
            return list(self.space.values)
        shares = [0.5] if count == 1 else [i / (count - 1) for i in range(count)]
        return list(dict.fromkeys(self.at(share) for share in shares))


def searched(
    own: type[BaseModel], further: type[BaseModel], given: Mapping[str, Space], fixed: Iterable[str], where: str
) -> list[Axis]:
    """The options to search: those with a space in their ``own`` annotation or a ``given`` one, except the ``fixed``.

    ``own`` is the model of the architecture's options, ``further`` that of the options which every architecture has.
    Raises InputError for a given space of an option in neither model, or one whose values the option cannot take.
    """
    models = {name: model for model in (further, own) for name in model.model_fields}
    found = spaces(own)
    for name, space in given.items():
        if name not in models:
            raise unknown("option", name, models, where)
        found[name] = checked(models[name], name, space, where)
    return [
        Axis(name, space, defaults(own).get(name), number(models[name], name) is int)
        for name, space in found.items()
        if name not in fixed
    ]


def tries(default: Options, axes: Sequence[Axis], count: int, *, sampler: Sampler, name: str) -> tuple[Options, ...]:
    """``count`` different option sets: the default first, then points of the space that ``axes`` span.

    The sampler "sobol" takes points of a Sobol sequence, scrambled with a seed made from the competitor's ``name``:
    Sobol 1967, USSR Comput. Math. Math. Phys. 7; Owen 1998, J. Complexity 14. The sampler "grid" takes points evenly
    spread over the coarsest grid that has enough of them. Raises InputError where the space holds fewer option sets.
    """
    points = _sobol(axes, name) if sampler == "sobol" else _grid(axes, count - 1)
    found = {str({axis.name: axis.default for axis in axes}): default}
    for point in points:
        if len(found) < count:
            found.setdefault(str(point), {**default, **point})
    if len(found) < count:
        names = ", ".join(axis.name for axis in axes)
        raise InputError(
            f"tries = {count}: the space of {name} ({names}) holds no more than {len(found)} option sets; lower tries"
        )
    return tuple(found.values())


def _sobol(axes: Sequence[Axis], name: str) -> Iterator[Options]:
    from scipy.stats import qmc  # noqa: PLC0415  it takes a second to load, which other studies need not wait for

    rng = np.random.default_rng(integer(0, "tuning", name))
    for point in qmc.Sobol(len(axes), scramble=True, seed=rng).random(_DRAWS):
        yield {axis.name: axis.at(float(share)) for axis, share in zip(axes, point, strict=True)}


def _grid(axes: Sequence[Axis], count: int) -> Iterable[Options]:
    every: list[Options] = []
    own = {axis.name: axis.default for axis in axes}
    for levels in range(1, count + 3):
        values = product(*(axis.levels(levels) for axis in axes))
        every = [point for point in (dict(zip(own, one, strict=True)) for one in values) if point != own]
        if len(every) >= count:
            break
    spread = np.linspace(0, len(every) - 1, min(count, len(every)))
    return [every[round(place)] for place in spread]
