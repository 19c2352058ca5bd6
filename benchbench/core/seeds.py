"""Independent random streams, one for each purpose, all derived from the seed of the trial."""

import hashlib

import numpy as np


def _sequence(seed: int, purpose: tuple[str, ...]) -> np.random.SeedSequence:
    digest = hashlib.sha256("\0".join(purpose).encode()).digest()
    return np.random.SeedSequence(seed, spawn_key=tuple(np.frombuffer(digest[:16], np.uint32).tolist()))


def stream(seed: int, *purpose: str) -> np.random.Generator:
    """A random generator for one purpose, such as ``stream(3, "data", "mackey_glass")``.

    Equal arguments give equal generators, so that every competitor gets the same numbers.
    """
    return np.random.default_rng(_sequence(seed, purpose))


def integer(seed: int, *purpose: str) -> int:
    """A 31-bit seed for one purpose: a whole number that NumPy, scikit-learn and PyTorch all accept."""
    return int(_sequence(seed, purpose).generate_state(1, np.uint32)[0] >> 1)
