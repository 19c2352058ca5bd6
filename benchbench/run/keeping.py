"""Turns a fitted learner into the bytes of a file, and such a file into a learner, never by pickle.

Tensors are stored in PyTorch's own format, arrays in an NPZ file.
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchbench.core import artifacts
from benchbench.core.errors import InputError
from benchbench.core.options import bind
from benchbench.core.problem import Learner, Setting, Split
from benchbench.core.record import Array, Kept, Record
from benchbench.core.registry import Registry
from benchbench.core.study import WIDTH
from benchbench.run.failure import CAUGHT
from benchbench.run.scoring import given

SILENT = "it has no keep and restore"
_PROBES = 20  # sequences that both learners predict
_NEAR = 1e-5  # by how much sums in another order may differ
_SETTING = ("inputs", "outputs", "scored", "length", "width", "seed", "batch", "causal")


def kept(learner: Learner, setting: Setting, another: Callable[[], Learner], probe: Split) -> tuple[Kept, bytes | None]:
    """The record's entry on a learner that is to be kept, and the bytes of its file, or None if it cannot be kept.

    ``another`` makes a learner with the same setting and options. That one is restored from the bytes, and must predict
    the first sequences of ``probe`` as the learner does; otherwise the learner is not kept.
    """
    if not callable(getattr(learner, "keep", None)) or not callable(getattr(learner, "restore", None)):
        return Kept(message=SILENT), None
    try:
        content, facts = _packed(learner.keep())  # type: ignore[attr-defined]
        again = another()
        again.restore(_unpacked(content, facts.form))  # type: ignore[attr-defined]
        lengths = None if probe.lengths is None else probe.lengths[:_PROBES]
        wanted, found = (np.asarray(one.predict(*given(probe.inputs[:_PROBES], lengths))) for one in (learner, again))
        if wanted.shape != found.shape or not np.allclose(wanted, found, rtol=10 * _NEAR, atol=_NEAR):
            return Kept(message="what it keeps predicts something else when it is restored"), None
    except CAUGHT as error:
        return Kept(message=f"{type(error).__name__}: {error}"), None
    return facts.model_copy(update={"setting": {name: getattr(setting, name) for name in _SETTING}}), content


def _packed(what: Mapping[str, Any]) -> tuple[bytes, Kept]:
    tensors = {name: value for name, value in what.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        content, named = artifacts.pack(what)
        return content, Kept(form="arrays", sha256=named.sha256, arrays=named.arrays)
    if len(tensors) < len(what):
        raise TypeError(
            f"keep() returns tensors, and others under {sorted(set(what) - set(tensors))}: "
            "it must return either tensors alone or arrays"
        )
    stream = io.BytesIO()
    torch.save({name: value.detach().cpu().clone() for name, value in tensors.items()}, stream)
    content = stream.getvalue()
    facts = {
        name: Array(shape=list(value.shape), dtype=str(value.dtype).removeprefix("torch."))
        for name, value in tensors.items()
    }
    return content, Kept(form="torch", sha256=hashlib.sha256(content).hexdigest(), arrays=facts)


def _unpacked(content: bytes, form: str | None) -> Mapping[str, Any]:
    """The arrays or tensors of a file; NumPy or PyTorch raises an exception if it holds anything else."""
    if form == "torch":
        tensors: Mapping[str, Any] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        return tensors
    return artifacts.unpacked(content)


def restored(record: Record, results: Path, registry: Registry) -> Learner:
    """The kept learner of a record, on the CPU wherever it was fitted.

    InputError if there is none, or if its file is not the one that the record names.
    """
    facts, file = record.kept, artifacts.kept_path(results, record)
    place = f"trial {record.trial.key}"
    if facts is None:
        raise InputError(
            f"{place}: its learner was not kept; benchbench run STUDY --keep keeps it, with other --results or once "
            "its line of the records is deleted"
        )
    if file is None or facts.sha256 is None:
        raise InputError(f"{place}: its learner could not be kept: {facts.message}")
    content, lacking = artifacts.content_of(file, facts.sha256)
    if lacking:
        raise InputError(f"{place}: {lacking}")
    competitor = registry.get("architecture", record.trial.architecture)
    options = dict(record.trial.architecture_options)
    if WIDTH not in competitor.options.model_fields:
        options.pop(WIDTH, None)
    bound = bind(competitor.options, options, f"[architectures.{competitor.name}]")
    made_with: dict[str, Any] = {**facts.setting, "engine": record.trial.engine}
    learner: Learner = competitor.function(Setting(**made_with), **bound)
    try:
        learner.restore(_unpacked(content, facts.form))  # type: ignore[attr-defined]
    except (*CAUGHT, zipfile.BadZipFile) as error:
        raise InputError(f"{place}: {file.name} cannot be restored: {type(error).__name__}: {error}") from error
    return learner
