"""The order of a run: randomised complete blocks, so that a machine's drift affects all competitors alike."""

import json
from hashlib import sha256

from benchbench.core.spec import Trial


def blocks(trials: list[Trial]) -> list[tuple[str, Trial]]:
    """Trials with the names of their blocks; blocks, and trials within a block, are in random order.

    A block has one task, length, seed and device with all its competitors. The order follows hashes of the study's
    name and of the block or trial, so that a run that is continued, or a study that grows, keeps its order.
    """
    return sorted(
        ((_block(trial), trial) for trial in trials), key=lambda placed: (placed[0], _draw("trial", placed[1].key))
    )


def _block(trial: Trial) -> str:
    block = [trial.study, trial.task, trial.task_options, trial.length, trial.seed, trial.device]
    return _draw("block", json.dumps(block, sort_keys=True))


def _draw(kind: str, text: str) -> str:
    return sha256(f"{kind} {text}".encode()).hexdigest()[:8]
