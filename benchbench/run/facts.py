"""What a record says about its data: provenance, counts and a fingerprint."""

import hashlib
import json
from typing import Any

import numpy as np

from benchbench.core.problem import Problem


def facts(problem: Problem) -> dict[str, Any]:
    """A problem's provenance, its counts of sequences, and a fingerprint of its data.

    The fingerprint is a hash of all targets and of the first and the last inputs of each split.
    """
    digest = hashlib.sha256()
    for split in (problem.train, problem.valid, problem.test):
        for array in (split.inputs[0], split.inputs[-1], split.targets):
            digest.update(np.ascontiguousarray(array).tobytes())
        if split.lengths is not None:
            digest.update(split.lengths.astype(np.int64).tobytes())
    counts = {"train": len(problem.train), "valid": len(problem.valid), "test": len(problem.test)}
    found = {**problem.provenance, **counts, "fingerprint": digest.hexdigest()[:16]}
    plain: dict[str, Any] = json.loads(json.dumps(found, default=_plain))
    return plain


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
