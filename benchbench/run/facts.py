"""What a record keeps of its data: counts, provenance and a fingerprint."""

import hashlib
import json
from typing import Any

import numpy as np

from benchbench.core.problem import Problem


def facts(problem: Problem) -> dict[str, Any]:
    """Provenance, counts of sequences, and a fingerprint of all targets and each split's first and last inputs."""
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
