"""Activation functions of vectors, with errors below 2e-7; NaN stays NaN."""

from benchbench.learn.native.language import Code, Vector

_LOG2_E = 1.4426950408889634
_FAR = 125.0  # powers of two beyond which both activations are flat in float32
_TAIL = (1.5345742797e-4, 1.34000106276e-3, 9.61848982131e-3, 5.55032858096e-2, 0.240226468769, 0.693147205828)
# coefficients of (2^r - 1) / r for -1/2 <= r <= 1/2, highest power first: a minimax fit with an error below 1e-8


def sigmoid(code: Code, x: Vector) -> Vector:
    """The logistic function, 1 / (1 + 2^(-x log2 e))."""
    power, tail = _power_of_two(code, x, -_LOG2_E)
    return code.vector(1.0) / (code.multiply_add(power, tail, power) + 1.0)


def tanh(code: Code, x: Vector) -> Vector:
    """The hyperbolic tangent: -m / (2 + m) with m = 2^(-2x log2 e) - 1, which is accurate near 0 too."""
    power, tail = _power_of_two(code, x, -2 * _LOG2_E)
    m = code.multiply_add(power, tail, power - 1.0)
    return (0.0 - m) / (m + 2.0)


def relu(code: Code, x: Vector) -> Vector:
    """The larger of x and 0."""
    return code.where_below(x, 0.0, 0.0, x)


def exponential(code: Code, x: Vector) -> Vector:
    """e^x; below x = -86 the result is 1e-37, which has no weight in a softmax."""
    power, tail = _power_of_two(code, x, _LOG2_E)
    return code.multiply_add(power, tail, power)


def _power_of_two(code: Code, x: Vector, factor: float) -> tuple[Vector, Vector]:
    """2^(factor x) as power (1 + tail): a power with a whole exponent, and a polynomial of the rest."""
    far = code.vector(_FAR / abs(factor))
    x = code.where_below(x, 0.0 - far, 0.0 - far, x)
    x = code.where_below(far, x, far, x)
    whole, power = code.whole(x, factor)
    rest = code.multiply_add(x, factor, 0.0 - whole)
    tail = code.vector(_TAIL[0])
    for coefficient in _TAIL[1:]:
        tail = code.multiply_add(tail, rest, coefficient)
    return power, tail * rest
