"""The forward pass: weights are packed tile by tile, then one layer runs after another, then the head and the loss."""

from benchbench.learn.native.activations import exponential
from benchbench.learn.native.cells import Places, advance, tile_size
from benchbench.learn.native.language import Code, Number, Record, Table, Vector, kernel
from benchbench.learn.native.products import product


@kernel
def pack_weights(code: Code, layers: Table, shape: Record) -> None:
    """Copy the weights in the order in which the forward pass reads them."""
    with code.loop(shape.layers) as i:
        _pack_layer(code, layers[i], shape.units)
    with code.loop(shape.units) as j, code.loop(shape.outputs) as o:
        code.copy(shape.head + o * shape.units + j, shape.head_packed + j * shape.output_rows + o)


def _pack_layer(code: Code, layer: Record, units: Number) -> None:
    tile, gates, gru = code.variant.tile, code.variant.gates, code.variant.cell == "gru"
    rows, size = tile * gates, tile_size(code, layer.features, units)
    with code.loop(units, step=tile) as first:
        unit, at = first.least(units - tile), layer.packed + first // tile * size
        for k in range(gates):
            for j in range(tile):
                row = units * k + unit + j
                if gru and k == 2:  # n has two biases, as r scales that of the state
                    code.copy(layer.input_bias + row, at + (k * tile + j))
                    code.copy(layer.state_bias + row, at + (rows + j))
                else:
                    both = code.broadcast(layer.input_bias + row) + code.broadcast(layer.state_bias + row)
                    code.put(both, at + (k * tile + j))
        at += rows + (tile if gru else 0)
        for weights, columns in ((layer.into, layer.features), (layer.recurrent, units)):
            with code.loop(columns) as i:
                for k in range(gates):
                    for j in range(tile):
                        code.copy(weights + (units * k + unit + j) * columns + i, at + i * rows + (k * tile + j))
            at += columns * rows


@kernel
def rest(code: Code, layers: Table, shape: Record) -> None:
    """Set the state before the first step to zero, or to the learned initial state."""
    with code.loop(shape.layers) as i:
        kinds = [layers[i].states]
        code.clear(layers[i].states, shape.rows * code.width)
        if code.variant.cell == "lstm":
            kinds.append(layers[i].cells)
            code.clear(layers[i].cells, shape.units * code.width)
        for kind, states in enumerate(kinds):
            numbers = shape.start + (shape.layers * kind + i) * shape.units
            with code.when(code.number(0) < shape.starts), code.loop(shape.units) as j:
                for lane in range(0, code.width, code.lanes):
                    code.store(code.broadcast(numbers + j), states + j * code.width + lane)


@kernel
def carry_on(code: Code, layers: Table, shape: Record, steps: Number) -> None:
    """Make the states after ``steps`` steps the initial states, and the outputs the inputs of the next step."""
    rows, cells = shape.rows * code.width, shape.units * code.width
    with code.loop(shape.layers) as i:
        _move(code, layers[i].states + steps * rows, layers[i].states, rows)
        if code.variant.cell == "lstm":
            _move(code, layers[i].cells + steps * cells, layers[i].cells, cells)
    _move(code, shape.answers, layers[0].inputs, shape.outputs * code.width)


def _move(code: Code, source: Number, target: Number, size: Number) -> None:
    with code.loop(size, step=code.lanes) as k:
        code.store(code.load(source + k), target + k)


@kernel
def run_layer(code: Code, layers: Table, shape: Record, i: Number, steps: Number, keeps: Number) -> None:
    """Run a layer over its inputs from the state at step 0; with ``keeps`` 1, keep values for the backward pass."""
    layer, units, width, variant = layers[i], shape.units, code.width, code.variant
    size, row = tile_size(code, layer.features, units), shape.rows * width
    with code.loop(steps) as t:
        before = layer.states + t * row
        places = Places(
            before=before,
            after=before + row,
            kept=layer.kept + t * keeps * units * (variant.kept * width),
            cells=layer.cells + t * units * width,
        )
        inputs = layer.inputs + t * layer.features * width
        with code.loop(units, step=variant.tile) as first:
            packed = layer.packed + first // variant.tile * size
            advance(code, packed, (inputs, layer.features), units, first.least(units - variant.tile), places)


@kernel
def answer(code: Code, shape: Record, states: Number, stride: Number, answers: Number, steps: Number) -> None:
    """Compute the head's outputs (step, output row, lane) for the states (unit, lane) of steps ``stride`` apart."""
    bias = shape.head + shape.outputs * shape.units
    with code.loop(steps) as s:
        here = answers + s * shape.output_rows * code.width
        weights = (shape.head_packed, shape.output_rows)
        product(code, weights, shape.units, states + s * stride, here, shape.outputs, onto=False)
        with code.loop(shape.outputs) as o:
            for lane in range(0, code.width, code.lanes):
                at = here + o * code.width + lane
                code.store(code.load(at) + code.broadcast(bias + o), at)


@kernel
def squared_error(code: Code, shape: Record, share: Vector) -> None:
    """Add the squared error of the outputs of the window to the loss, and replace the outputs by their errors.

    ``share`` is the weight of one output of one scored step in the mean.
    """
    with code.loop(shape.window) as s, code.loop(shape.outputs) as o:
        for lane in range(0, code.width, code.lanes):
            answers = shape.answers + (s * shape.output_rows + o) * code.width + lane
            target = code.load(shape.targets + (s * shape.outputs + o) * code.width + lane)
            error = code.load(shape.weights + s * code.width + lane) * (code.load(answers) - target)
            code.store(code.multiply_add(error * share, error, code.load(shape.loss)), shape.loss)
            code.store(error * share * 2.0, answers)


@kernel
def cross_entropy(code: Code, shape: Record, share: Vector) -> None:
    """As ``squared_error``, for the cross-entropy; ``share`` is the weight of one scored step in the mean."""
    with code.loop(shape.window) as s:
        for lane in range(0, code.width, code.lanes):
            answers = shape.answers + s * shape.output_rows * code.width + lane
            targets = shape.targets + s * shape.outputs * code.width + lane
            weight = code.load(shape.weights + s * code.width + lane) * share
            _cross_entropy_of_step(code, shape, answers, targets, weight)


def _cross_entropy_of_step(code: Code, shape: Record, answers: Number, targets: Number, weight: Vector) -> None:
    most = code.sums([[code.load(answers)]])
    whole = code.sums([[code.vector(0.0)]])
    with code.loop(shape.outputs) as o:
        x = code.load(answers + o * code.width)
        most[0, 0] = code.where_below(most[0, 0], x, x, most[0, 0])
    with code.loop(shape.outputs) as o:
        whole[0, 0] += exponential(code, code.load(answers + o * code.width) - most[0, 0])
    height = most[0, 0] + code.logarithm(whole[0, 0])
    with code.loop(shape.outputs) as o:
        at, target = answers + o * code.width, code.load(targets + o * code.width)
        logarithm = code.load(at) - height
        code.store(code.load(shape.loss) - weight * target * logarithm, shape.loss)
        code.store(weight * (exponential(code, logarithm) - target), at)
