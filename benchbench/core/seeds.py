"""Independent random streams by purpose, all from the seed of the trial."""

import hashlib

import numpy as np


def _sequence(seed: int, purpose: tuple[str, ...]) -> np.random.SeedSequence:
    digest = hashlib.sha256("\0".join(purpose).encode()).digest()
    return np.random.SeedSequence(seed, spawn_key=tuple(np.frombuffer(digest[:16], np.uint32).tolist()))


def stream(seed: int, *purpose: str) -> np.random.Generator:
    """The generator of one purpose, such as ``stream(3, "data", "mackey_glass")``: the same for every competitor."""
    return np.random.default_rng(_sequence(seed, purpose))


def integer(seed: int, *purpose: str) -> int:
    """A 31-bit seed of one purpose: a number that NumPy, scikit-learn and torch all take."""
    return int(_sequence(seed, purpose).generate_state(1, np.uint32)[0] >> 1)
