"""The backward pass: errors from step to step and from layer to layer, and the gradient of every trained number."""

from benchbench.learn.native.cells import Places, errors_of_gates
from benchbench.learn.native.language import Code, Number, Record, Table, kernel
from benchbench.learn.native.layout import CHUNK, FEW
from benchbench.learn.native.products import Rows, add_lane_products, add_lanes, add_outer, product, transpose


@kernel
def begin(code: Code, layers: Table, shape: Record) -> None:
    """Set the loss and all sums of gradients to zero."""
    code.clear(shape.loss, code.lanes)
    code.clear(shape.head_sums, shape.outputs * (shape.units + 1) * code.lanes)
    code.clear(shape.start_sums, shape.starts * code.lanes)
    rows = shape.units * code.variant.errors
    with code.loop(shape.layers) as i:
        layer = layers[i]
        code.clear(layer.recurrent_sums, rows * shape.rows)
        code.clear(layer.bias_sums, rows * code.lanes)
        with code.when(layer.features < FEW + 1):
            code.clear(layer.into_sums, rows * layer.features * code.lanes)
        with code.when(code.number(FEW) < layer.features):
            code.clear(layer.into_sums, (rows + code.variant.tiles.outer) * layer.feature_rows)


@kernel
def back_head(code: Code, layers: Table, shape: Record) -> None:
    """Add the gradient of the head, from the errors of the outputs."""
    width, lanes, row = code.width, code.lanes, shape.rows * code.width
    states = layers[shape.layers - 1].states + (shape.steps - shape.window + 1) * row
    with code.loop(shape.outputs) as o:
        errors = (shape.answers + o * width, shape.output_rows * width)
        with code.loop(shape.units) as j:
            into = shape.head_sums + (o * shape.units + j) * lanes
            add_lane_products(code, errors, (states + j * width, row), into, shape.window)
        add_lanes(code, errors, shape.head_sums + (shape.outputs * shape.units + o) * lanes, shape.window)


@kernel
def back_layer(code: Code, layers: Table, shape: Record, i: Number) -> None:
    """Add the gradient of layer ``i``, from the errors of the head or of the layer above, and pass errors below."""
    layer, width = layers[i], code.width
    code.clear(shape.error, shape.rows * width)
    code.clear(shape.cell_error, shape.rows * width)
    chunks = (shape.steps + (CHUNK - 1)) // CHUNK
    with code.loop(chunks) as c:
        last = shape.steps - 1 - c * CHUNK
        taken = (last + 1).least(CHUNK)
        with code.loop(taken) as n:
            t, found = last - n, shape.chunk + n * shape.chunk_stride
            _add_error(code, shape, i, t)
            _back_step(code, layer, shape, t, found)
            with code.when(code.number(0) < i):
                _pass_down(code, layer, shape, found, shape.passed + t * shape.rows * width)
            _turn(code, layer, shape, t, n)
        _add_gradients(code, layer, shape, last, taken)
    _add_start(code, shape, i)


def _add_start(code: Code, shape: Record, i: Number) -> None:
    """Add the error of the state before the first step to the gradient of a learned initial state, if there is one."""
    errors = (shape.error, shape.cell_error)[: code.variant.states]
    for kind, error in enumerate(errors):
        sums = shape.start_sums + (shape.layers * kind + i) * shape.units * code.lanes
        with code.when(code.number(0) < shape.starts), code.loop(shape.units) as j:
            add_lanes(code, (error + j * code.width, 0), sums + j * code.lanes, 1)


def _add_error(code: Code, shape: Record, i: Number, t: Number) -> None:
    """Add the error from the head or from the layer above to the error of the states at step ``t``."""
    width = code.width
    with code.when(i < shape.layers - 1), code.loop(shape.units * width, step=code.lanes) as k:
        passed = code.load(shape.passed + t * shape.rows * width + k)
        code.store(code.load(shape.error + k) + passed, shape.error + k)
    scored = t - shape.steps + shape.window
    with code.when(shape.layers - 2 < i), code.when(code.number(-1) < scored):
        answers = shape.answers + scored * shape.output_rows * width
        product(code, (shape.head, shape.units), shape.outputs, answers, shape.error, shape.units, onto=True)


def _back_step(code: Code, layer: Record, shape: Record, t: Number, found: Number) -> None:
    """Compute the errors of a step's gates, and from them the error of the states before the step."""
    width, units, variant = code.width, shape.units, code.variant
    before = layer.states + t * shape.rows * width
    places = Places(
        before=before,
        after=before + shape.rows * width,
        kept=layer.kept + t * units * (variant.kept * width),
        cells=layer.cells + t * units * width,
    )
    with code.loop(units) as j:
        errors_of_gates(code, j, units, places, (shape.error, shape.cell_error), found)
    gru = variant.cell == "gru"  # a GRU also passes a part of the error directly to the step before
    product(code, (layer.recurrent, units), units * variant.gates, found, shape.error, units, onto=gru)


def _plain_rows(code: Code, units: Number) -> Number:
    """The number of rows of errors that states and inputs share; the n-gate of a GRU has separate rows for each."""
    return units * (2 if code.variant.cell == "gru" else code.variant.gates)


def _own_rows(code: Code, units: Number) -> Number:
    """The row at which a GRU's n-gate has its sums for many features: a tile of its own, as tiles exceed their rows."""
    height = code.variant.tiles.outer
    return (units * 3 + (height - 1)) // height * height


def _pass_down(code: Code, layer: Record, shape: Record, found: Number, passed: Number) -> None:
    """Compute the error of a layer's inputs at one step."""
    features, plain = layer.features, _plain_rows(code, shape.units)
    product(code, (layer.into, features), plain, found, passed, features, onto=False)
    if code.variant.cell == "gru":
        rest, errors = layer.into + plain * features, found + shape.units * (3 * code.width)
        product(code, (rest, features), shape.units, errors, passed, features, onto=True)


def _turn(code: Code, layer: Record, shape: Record, t: Number, n: Number) -> None:
    """Transpose the states before a step, and its inputs where they are many, so that their rows lie in the lanes."""
    width, lanes, rows, features = code.width, code.lanes, shape.rows, layer.feature_rows
    for b in range(0, width, lanes):
        turned = shape.turned_states + (n * width + b) * rows
        with code.loop(rows, step=lanes) as j:
            transpose(code, (layer.states + (t * rows + j) * width + b, width), (turned + j, rows))
        turned = shape.turned_inputs + (n * width + b) * features
        with code.when(code.number(FEW) < layer.features), code.loop(features, step=lanes) as j:
            transpose(code, (layer.inputs + (t * layer.features + j) * width + b, width), (turned + j, features))


def _add_gradients(code: Code, layer: Record, shape: Record, last: Number, steps: Number) -> None:
    """Add the gradients of a chunk of steps, which goes backward from step ``last``."""
    width, lanes, units, variant = code.width, code.lanes, shape.units, code.variant
    all_rows, gru = units * variant.errors, variant.cell == "gru"
    rows = Rows(shape.chunk, shape.chunk_stride, units * variant.gates)
    add_outer(code, rows, (shape.turned_states, shape.rows), layer.recurrent_sums, steps)
    with code.loop(all_rows) as r:
        add_lanes(code, (shape.chunk + r * width, shape.chunk_stride), layer.bias_sums + r * lanes, steps)
    inputs = layer.inputs + last * layer.features * width
    with code.when(layer.features < FEW + 1), code.loop(all_rows) as r, code.loop(layer.features) as f:
        values = (inputs + f * width, 0 - layer.features * width)
        into = layer.into_sums + (r * layer.features + f) * lanes
        add_lane_products(code, (shape.chunk + r * width, shape.chunk_stride), values, into, steps)
    with code.when(code.number(FEW) < layer.features):
        turned, plain = (shape.turned_inputs, layer.feature_rows), _plain_rows(code, units)
        add_outer(code, rows._replace(rows=plain), turned, layer.into_sums, steps)
        if gru:
            n = Rows(shape.chunk + units * (3 * width), shape.chunk_stride, units)
            add_outer(code, n, turned, layer.into_sums + _own_rows(code, units) * layer.feature_rows, steps)


@kernel
def collect(code: Code, layers: Table, shape: Record) -> None:
    """Put together the loss, and the gradient in the order of the trained numbers, from their sums."""
    _put_sum(code, shape.loss, shape.loss)
    with code.loop(shape.layers) as i:
        _collect_layer(code, layers[i], shape)
    with code.loop(shape.outputs * (shape.units + 1)) as k:
        _put_sum(code, shape.head_sums + k * code.lanes, shape.gradient + shape.head + k)
    with code.loop(shape.starts) as k:
        _put_sum(code, shape.start_sums + k * code.lanes, shape.gradient + shape.start + k)


def _collect_layer(code: Code, layer: Record, shape: Record) -> None:
    units, lanes, to, variant = shape.units, code.lanes, shape.gradient, code.variant
    for k in range(variant.gates):
        apart = variant.cell == "gru" and k == 2
        with code.loop(units) as j:
            row, own = units * k + j, units * (3 if apart else k) + j
            many = _own_rows(code, units) + j if apart else own
            with code.loop(units) as i:
                code.copy(layer.recurrent_sums + row * shape.rows + i, to + layer.recurrent + row * units + i)
            _put_sum(code, layer.bias_sums + row * lanes, to + layer.state_bias + row)
            _put_sum(code, layer.bias_sums + own * lanes, to + layer.input_bias + row)
            with code.loop(layer.features) as f:
                at, sums = to + layer.into + row * layer.features + f, layer.into_sums
                with code.when(layer.features < FEW + 1):
                    _put_sum(code, sums + (own * layer.features + f) * lanes, at)
                with code.when(code.number(FEW) < layer.features):
                    code.copy(sums + many * layer.feature_rows + f, at)


def _put_sum(code: Code, lanes: Number, at: Number) -> None:
    code.put(code.sum_of_lanes(code.load(lanes)), at)
