"""How sure a share is that was counted on few examples."""

import numpy as np

_Z = 1.96  # of a 95 % interval


def wilson(share: float, examples: int) -> tuple[float, float]:
    """The 95 % interval of a share of so many examples, at least one. Wilson 1927, J. Am. Stat. Assoc. 22:209."""
    middle = (share + _Z**2 / (2 * examples)) / (1 + _Z**2 / examples)
    half = _Z / (1 + _Z**2 / examples) * np.sqrt(share * (1 - share) / examples + _Z**2 / (4 * examples**2))
    return float(middle - half), float(middle + half)
