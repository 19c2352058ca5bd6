"""The functions that Python calls: an update, predictions, a free run; each is compiled as a whole for a variant."""

from typing import Any, NamedTuple

from benchbench.learn.native.backward import back_head, back_layer, begin, collect
from benchbench.learn.native.denormals import flush, restore
from benchbench.learn.native.forward import (
    answer,
    carry_on,
    cross_entropy,
    pack_weights,
    rest,
    run_layer,
    squared_error,
)
from benchbench.learn.native.lanes import Batch, lay_inputs, lay_targets, take_answers, take_step, thin
from benchbench.learn.native.layout import LAYER, SHAPE
from benchbench.learn.native.optimizers import adam, clip, rmsprop, sgd
from benchbench.learn.native.variant import block, compiled, entry

OPTIMIZERS = ("adam", "sgd", "rmsprop")
_ADAM, _SGD = OPTIMIZERS.index("adam"), OPTIMIZERS.index("sgd")
_UNITS, _ROWS, _STEPS, _WINDOW = (SHAPE.index(name) for name in ("units", "rows", "steps", "window"))
_OUTPUTS, _OUTPUT_ROWS, _ANSWERS = (SHAPE.index(name) for name in ("outputs", "output_rows", "answers"))
_TARGETS, _WEIGHTS, _LOSS, _PASSED = (SHAPE.index(name) for name in ("targets", "weights", "loss", "passed"))
_INPUTS, _STATES = LAYER.index("inputs"), LAYER.index("states")


class Step(NamedTuple):
    """The settings of all updates of a fit: the optimizer, its momentum, and the bound of the gradient's norm.

    A ``clip`` of 0 means no bound. ``classifies`` tells that the loss is the cross-entropy. ``dropout`` is the share of
    states between layers that are set to zero, and ``key`` decides which.
    """

    classifies: bool
    optimizer: int
    momentum: float
    clip: float
    dropout: float
    key: int


@entry
def update(
    variant: Any, memory: Any, layers: Any, shape: Any, split: Any, chosen: Any, step: Any, rate: Any, number: Any
) -> Any:
    """Do one update on the sequences ``chosen`` of a split, and return the mean loss before it.

    ``number`` counts updates from 1; with 0, only the gradient is computed.
    """
    before, lanes = flush(), block(variant)
    batch = Batch(split.inputs, split.targets, split.lengths, chosen)
    pack_weights(variant, memory, (layers, shape))
    rest(variant, memory, (layers, shape))
    begin(variant, memory, (layers, shape))
    count = batch.chosen.size * batch.targets.shape[1]
    blocks = (batch.chosen.size + lanes - 1) // lanes
    for k in range(blocks):
        key = step.key + ((max(number - 1, 0) * blocks + k) << 32)
        lay_inputs(memory, layers[0, _INPUTS], batch, k * lanes, lanes)
        lay_targets(memory, (shape[_TARGETS], shape[_WEIGHTS]), shape[_WINDOW], batch, k * lanes, lanes)
        _run(variant, memory, layers, shape, shape[_STEPS], (1, step.dropout, key))
        _answer_window(variant, memory, layers, shape)
        if step.classifies:
            cross_entropy(variant, memory, (shape, 1 / count))
        else:
            squared_error(variant, memory, (shape, 1 / (count * shape[_OUTPUTS])))
        back_head(variant, memory, (layers, shape))
        for i in range(len(layers) - 1, -1, -1):
            back_layer(variant, memory, (layers, shape, i))
            if i > 0 and step.dropout > 0:
                row, size = shape[_ROWS] * lanes, (shape[_STEPS], shape[_UNITS] * lanes)
                passed = (shape[_PASSED], row)
                thin(memory, passed, passed, size, step.dropout, key + (i << 24))
    collect(variant, memory, (layers, shape))
    if number > 0:
        _optimize(variant, memory, shape, step, rate, number)
    restore(before)
    return memory[shape[_LOSS]]


@compiled
def _run(variant: Any, memory: Any, layers: Any, shape: Any, steps: Any, how: Any) -> None:
    """Run all layers over the inputs of the first; ``how`` is whether to keep values to go back, dropout, and key."""
    keeps, dropout, key = how
    row, size = shape[_ROWS] * block(variant), shape[_UNITS] * block(variant)
    for i in range(len(layers)):
        if i > 0:
            source, target = (layers[i - 1, _STATES] + row, row), (layers[i, _INPUTS], size)
            thin(memory, source, target, (steps, size), dropout, key + (i << 24))
        run_layer(variant, memory, (layers, shape, i, steps, keeps))


@compiled
def _answer_window(variant: Any, memory: Any, layers: Any, shape: Any) -> None:
    """Compute the head's outputs over the window."""
    row = shape[_ROWS] * block(variant)
    states = layers[len(layers) - 1, _STATES] + (shape[_STEPS] - shape[_WINDOW] + 1) * row
    answer(variant, memory, (shape, states, row, shape[_ANSWERS], shape[_WINDOW]))


@compiled
def _optimize(variant: Any, memory: Any, shape: Any, step: Any, rate: Any, number: Any) -> None:
    if step.clip > 0:
        clip(variant, memory, (shape, step.clip))
    if step.optimizer == _ADAM:
        adam(variant, memory, (shape, rate / (1 - 0.9**number), (1 - 0.999**number) ** -0.5))
    elif step.optimizer == _SGD:
        sgd(variant, memory, (shape, rate, step.momentum))
    else:
        rmsprop(variant, memory, (shape, rate, step.momentum))


@entry
def respond(variant: Any, memory: Any, layers: Any, shape: Any, batch: Any, answers: Any) -> None:
    """Write the outputs for sequences into ``answers`` (sequence, scored, output)."""
    before, lanes = flush(), block(variant)
    pack_weights(variant, memory, (layers, shape))
    rest(variant, memory, (layers, shape))
    places = (shape[_ANSWERS], shape[_WINDOW], shape[_OUTPUT_ROWS])
    for first in range(0, batch.chosen.size, lanes):
        lay_inputs(memory, layers[0, _INPUTS], batch, first, lanes)
        _run(variant, memory, layers, shape, shape[_STEPS], (0, 0.0, 0))
        _answer_window(variant, memory, layers, shape)
        take_answers(memory, places, batch, first, lanes, answers)
    restore(before)


@entry
def generate(variant: Any, memory: Any, layers: Any, shape: Any, batch: Any, made: Any) -> None:
    """Write the steps after sequences into ``made`` (sequence, step, output), with outputs as the next inputs."""
    before, lanes = flush(), block(variant)
    pack_weights(variant, memory, (layers, shape))
    row, inputs, answers = shape[_ROWS] * lanes, layers[0, _INPUTS], shape[_ANSWERS]
    for first in range(0, batch.chosen.size, lanes):
        lay_inputs(memory, inputs, batch, first, lanes)
        rest(variant, memory, (layers, shape))
        steps = shape[_STEPS]
        for t in range(made.shape[1]):
            _run(variant, memory, layers, shape, steps, (0, 0.0, 0))
            answer(variant, memory, (shape, layers[len(layers) - 1, _STATES] + steps * row, row, answers, 1))
            take_step(memory, answers, first, lanes, made, t)
            carry_on(variant, memory, (layers, shape, steps))
            steps = 1
    restore(before)
