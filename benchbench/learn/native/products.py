"""Products of a matrix with rows of lanes, outer products for gradients of weights, and sums over lanes."""

from typing import NamedTuple

from benchbench.learn.native.language import Code, Number, Whole
from benchbench.learn.native.variant import BLOCK


def product(
    code: Code, weights: tuple[Number, Number], inner: Number, values: Number, into: Number, rows: Whole, *, onto: bool
) -> None:
    """Compute the sum over k < ``inner`` of weights[k, row] * values[k, lane] for ``into`` (row, lane), tile by tile.

    With ``onto``, the sums are added to the values at ``into``. ``weights`` is a place and the stride of k. The last
    tile may reach beyond ``rows``, by less than a tile.
    """
    width, height = code.width, code.variant.tiles.rows
    columns = [v * code.lanes for v in range(BLOCK)]
    with code.loop(rows, step=height) as first:
        tile = into + first * width
        sums = code.sums(
            [[code.load(tile + (r * width + c)) if onto else code.vector(0.0) for c in columns] for r in range(height)]
        )
        sums.add_products(inner, (weights[0] + first, weights[1], 1), (values, width), range(height))
        for r in range(height):
            for v, c in enumerate(columns):
                code.store(sums[r, v], tile + (r * width + c))


class Rows(NamedTuple):
    """Rows of lanes (step, row, lane): their place, the stride of steps, and the number of rows."""

    place: Number
    stride: Number
    rows: Number


def add_outer(code: Code, rows: Rows, turned: tuple[Number, Number], into: Number, steps: Number) -> None:
    """Add to ``into`` (row, column) the sum over steps and lanes of rows[step, row, lane] * turned[step, lane, column].

    ``turned`` is a place and the number of columns, which are whole vectors. Columns are processed in groups of three
    or two vectors; a single vector only where there is no other.
    """
    vectors = turned[1] // code.lanes
    twos = vectors * 2 - (vectors * 2) // 3 * 3
    threes = (vectors - twos * 2).most(0)
    with code.loop(threes, step=3) as c:
        _add_columns(code, rows, turned, c, into, steps, 3)
    with code.loop(vectors - 1, start=threes, step=2) as c:
        _add_columns(code, rows, turned, c, into, steps, 2)
    with code.when(vectors < 2):
        _add_columns(code, rows, turned, code.number(0), into, steps, 1)


def _add_columns(
    code: Code, rows: Rows, turned: tuple[Number, Number], c: Number, into: Number, steps: Number, vectors: int
) -> None:
    """As ``add_outer``, for ``vectors`` vectors of columns from the ``c``-th on.

    Each sum starts at zero and has few terms, so that float32 loses little.
    """
    width, height, first = code.width, code.variant.tiles.outer, c * code.lanes
    with code.loop(rows.rows, step=height) as r:
        sums = code.sums([[code.vector(0.0)] * vectors for _ in range(height)])
        with code.loop(steps) as n:
            numbers = rows.place + n * rows.stride + r * width
            values = turned[0] + n * (turned[1] * width) + first
            sums.add_products(code.number(width), (numbers, 1, width), (values, turned[1]), range(height))
        for i in range(height):
            for v in range(vectors):
                at = into + (r + i) * turned[1] + first + v * code.lanes
                code.store(code.load(at) + sums[i, v], at)


def add_lane_products(
    code: Code, rows: tuple[Number, Whole], values: tuple[Number, Whole], into: Number, steps: Number
) -> None:
    """Add the products of a row with a row of values, summed over steps lane by lane, to the vector at ``into``.

    ``rows`` and ``values`` are each a place and the stride of steps.
    """
    total = code.sums([[code.load(into)]])
    with code.loop(steps) as n:
        for v in range(BLOCK):
            a = code.load(rows[0] + n * rows[1] + v * code.lanes)
            b = code.load(values[0] + n * values[1] + v * code.lanes)
            total[0, 0] = code.multiply_add(a, b, total[0, 0])
    code.store(total[0, 0], into)


def add_lanes(code: Code, rows: tuple[Number, Whole], into: Number, steps: Whole) -> None:
    """Add a row, summed over steps lane by lane, to the vector at ``into``."""
    total = code.sums([[code.load(into)]])
    with code.loop(steps) as n:
        for v in range(BLOCK):
            total[0, 0] += code.load(rows[0] + n * rows[1] + v * code.lanes)
    code.store(total[0, 0], into)


def transpose(code: Code, source: tuple[Number, Whole], target: tuple[Number, Whole]) -> None:
    """Transpose a square (lane, lane), by butterflies on one bit of the index after another.

    ``source`` and ``target`` are each a place and the stride of rows.
    """
    rows = [code.load(source[0] + source[1] * i) for i in range(code.lanes)]
    bit = 1
    while bit < code.lanes:
        turned = list(rows)
        low = [c + code.lanes - bit if c & bit else c for c in range(code.lanes)]
        high = [c + code.lanes if c & bit else c + bit for c in range(code.lanes)]
        for i in range(code.lanes):
            if not i & bit:
                turned[i] = code.shuffled(rows[i], rows[i + bit], low)
                turned[i + bit] = code.shuffled(rows[i], rows[i + bit], high)
        rows, bit = turned, 2 * bit
    for i, row in enumerate(rows):
        code.store(row, target[0] + target[1] * i)
