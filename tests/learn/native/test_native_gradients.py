"""The kernels' gradients against automatic differentiation in float64."""

import numpy as np
import pytest
import torch

from tests.learn.native.cases import Case, Shape

CELLS = ["rnn_tanh", "gru", "lstm"]
EACH = [pytest.param(cell, marks=() if cell == "gru" else pytest.mark.long) for cell in CELLS]  # compiling takes long
SHAPES = {
    "one sequence": Shape(width=98, batch=1, steps=20, scored=20),
    "a batch of 33": Shape(features=3, width=7, outputs=2, batch=33, steps=20, scored=5),
    "one unit": Shape(width=1, batch=3, steps=6, scored=2),
    "one step": Shape(features=2, width=33, batch=16, steps=1),
    "many features": Shape(features=20, width=17, outputs=3, batch=5, steps=13, scored=4),
    "two layers and classes": Shape(features=7, width=17, outputs=3, layers=2, batch=20, steps=12, classes=True),
    "three layers": Shape(width=9, layers=3, batch=5, steps=7, scored=7),
    "many classes": Shape(width=5, outputs=20, batch=18, steps=9, scored=9, classes=True),
    "different lengths": Shape(features=2, width=10, layers=2, batch=40, steps=15, scored=3, lengths=True),
    "tiles that reach beyond their rows": Shape(features=40, width=11, layers=2, batch=9, steps=6),
    "a wide second layer": Shape(width=98, layers=2, batch=16, steps=5),
    "a learned initial state": Shape(width=7, batch=33, steps=9, scored=3, learned_start=True),
    "one unit with a learned initial state": Shape(width=1, batch=2, steps=1, learned_start=True),
    "layers with learned initial states": Shape(
        features=6, width=17, outputs=3, layers=2, batch=21, steps=8, classes=True, lengths=True, learned_start=True
    ),
    "a long sequence": Shape(width=48, batch=32, steps=300),
}


def relative(found, true):
    return np.linalg.norm(found - true) / np.linalg.norm(true)


def check(case, times=2):
    """Require that the gradient is off by at most 1e-6, or at most ``times`` as far as torch's float32."""
    (loss, found), (true_loss, true) = case.gradient(), case.true_gradient()
    limit = max(1e-6, times * relative(case.true_gradient(torch.float32)[1], true))
    assert relative(found, true) <= limit
    assert loss == pytest.approx(true_loss, rel=1e-6)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("cell", EACH)
def test_the_gradient_agrees_with_float64(cell, shape):
    check(Case(cell, shape))


@pytest.mark.attacks
@pytest.mark.parametrize("lanes", [8, 16])
@pytest.mark.parametrize("cell", [*CELLS, "rnn_relu"])
def test_the_gradient_agrees_for_every_cell_with_vectors_of_each_width(cell, lanes):
    for shape in SHAPES.values():
        check(Case(cell, shape, lanes))


@pytest.mark.attacks
@pytest.mark.parametrize("seed", range(4))
def test_the_gradient_agrees_for_shapes_drawn_at_random(seed):
    rng = np.random.default_rng(seed)
    for _ in range(60):
        steps, classes = int(rng.integers(1, 24)), bool(rng.integers(2))
        shape = Shape(
            features=int(rng.choice([1, 2, 4, 5, 8, 9, 16, 17, 33, 64])),
            width=int(rng.choice([1, 2, 3, 5, 8, 9, 16, 17, 33, 48, 98])),
            outputs=int(rng.integers(2 if classes else 1, 34)),
            layers=int(rng.choice([1, 1, 2, 3])),
            batch=int(rng.choice([1, 2, 8, 15, 16, 17, 31, 32, 33, 65])),
            steps=steps,
            scored=int(rng.integers(1, steps + 1)),
            classes=classes,
            lengths=bool(rng.integers(2)),
            learned_start=bool(rng.integers(2)),
        )
        check(Case(str(rng.choice([*CELLS, "rnn_relu"])), shape, int(rng.choice([8, 16]))), 4)


@pytest.mark.parametrize("cell", EACH)
def test_outputs_equal_those_of_the_torch_network(cell):
    for shape in SHAPES.values():
        case = Case(cell, shape)
        with torch.no_grad():
            wanted = case.network(torch.from_numpy(case.inputs), case.lengths).numpy()
        np.testing.assert_allclose(case.engine.predict(case.inputs, case.lengths), wanted, rtol=1e-5, atol=2e-6)


def test_dropout_has_the_gradient_of_the_network_that_it_leaves():
    case = Case("gru", Shape(width=9, layers=3, batch=20, steps=8, scored=8, dropout=0.4))
    loss, gradient = case.gradient()
    direction = gradient / np.linalg.norm(gradient)
    numbers, ends = case.engine._numbers, []
    before = numbers.copy()
    for sign in (1, -1):
        numbers[...] = before
        names = case.engine._room.layout.views(case.engine._room.memory)
        order = [names[name] for name, _ in case.network.named_parameters()]
        steps = np.split(sign * 1e-2 * direction, np.cumsum([part.size for part in order[:-1]]))
        for part, step in zip(order, steps, strict=True):
            part[...] += step.reshape(part.shape)
        ends.append(case.gradient()[0])
    assert ends[1] < loss < ends[0]
    assert (ends[0] - ends[1]) / 2e-2 == pytest.approx(np.linalg.norm(gradient), rel=1e-2)
    assert case.engine.predict(case.inputs).tobytes() == case.engine.predict(case.inputs).tobytes()


@pytest.mark.long
def test_nan_stays_nan():
    for cell in CELLS:
        case = Case(cell, Shape(width=6))
        case.inputs[2, 3] = np.nan
        found = case.engine.predict(case.inputs)[:, 0, 0]
        assert np.isnan(found[2])
        assert np.isfinite(np.delete(found, 2)).all()


def test_denormals_are_flushed_inside_kernels_and_kept_outside():
    case = Case("lstm", Shape())
    with torch.no_grad():
        for number in case.network.parameters():
            number.fill_(1e-30)
    case.engine.copy_from(case.network)
    case.inputs[...] = 1e-9
    assert case.engine.predict(case.inputs).min() == np.float32(1e-30)  # the bias: products of tiny numbers are gone
    tiny = np.float32(1e-40)
    assert tiny * np.float32(0.5) > 0
