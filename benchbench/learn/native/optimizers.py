"""Clipping of the gradient, and the optimizers, which follow PyTorch's definitions."""

from collections.abc import Callable

from benchbench.learn.native.language import Code, Record, Vector, kernel


def _norm(code: Code, shape: Record) -> Vector:
    total = code.sums([[code.vector(0.0)] * 4])  # four sums, so that none waits for another
    step = 4 * code.lanes
    with code.loop(shape.count, step=step) as i:  # the memory after the gradient is zero
        for k in range(4):
            g = code.load(shape.gradient + i + k * code.lanes)
            total[0, k] = code.multiply_add(g, g, total[0, k])
    return code.root(code.sum_of_lanes(total[0, 0] + total[0, 1] + total[0, 2] + total[0, 3]))


@kernel
def clip(code: Code, shape: Record, bound: Vector) -> None:
    """Scale the gradient so that its norm is at most ``bound``; NaN stays NaN."""
    factor = bound / (_norm(code, shape) + 1e-6)
    factor = code.where_below(code.vector(1.0), factor, 1.0, factor)
    with code.loop(shape.count, step=code.lanes) as i:
        code.store(code.load(shape.gradient + i) * factor, shape.gradient + i)


Rule = Callable[[Code, Vector, Vector, Vector], tuple[Vector, Vector, Vector]]


def _step(code: Code, shape: Record, rule: Rule) -> None:
    """Take a step: ``rule`` maps a gradient and two memories to the new memories and the change to subtract."""
    second = (shape.count + (code.width - 1)) // code.width * code.width
    with code.loop(shape.count, step=code.lanes) as i:
        a, b = shape.memories + i, shape.memories + second + i
        first, other, change = rule(code, code.load(shape.gradient + i), code.load(a), code.load(b))
        code.store(first, a)
        code.store(other, b)
        code.store(code.load(i) - change, i)


@kernel
def adam(code: Code, shape: Record, rate: Vector, root: Vector) -> None:
    """Adam, Kingma & Ba 2015, arXiv:1412.6980; ``rate`` and ``root`` include the corrections of the two memories.

    1 - beta2 is written as a literal: computed in float32 it is off by 1.3e-5, and trajectories drift 40 to 100 times
    as far.
    """

    def rule(code: Code, g: Vector, mean: Vector, square: Vector) -> tuple[Vector, Vector, Vector]:
        mean = code.multiply_add(mean, 0.9, g * 0.1)
        square = code.multiply_add(square, 0.999, g * g * 0.001)
        return mean, square, rate * mean / code.multiply_add(code.root(square), root, 1e-8)

    _step(code, shape, rule)


@kernel
def sgd(code: Code, shape: Record, rate: Vector, momentum: Vector) -> None:
    """Stochastic gradient descent with heavy-ball momentum, Polyak 1964."""

    def rule(code: Code, g: Vector, velocity: Vector, unused: Vector) -> tuple[Vector, Vector, Vector]:
        velocity = code.multiply_add(momentum, velocity, g)
        return velocity, unused, rate * velocity

    _step(code, shape, rule)


@kernel
def rmsprop(code: Code, shape: Record, rate: Vector, momentum: Vector) -> None:
    """RMSProp, Tieleman & Hinton 2012, lecture 6e of a course, with momentum as in PyTorch."""

    def rule(code: Code, g: Vector, velocity: Vector, square: Vector) -> tuple[Vector, Vector, Vector]:
        square = code.multiply_add(square, 0.99, g * g * 0.01)
        velocity = code.multiply_add(momentum, velocity, g / (code.root(square) + 1e-8))
        return velocity, square, rate * velocity

    _step(code, shape, rule)
