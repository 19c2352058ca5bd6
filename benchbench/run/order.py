"""The order of a run: randomised complete blocks, so that a machine's drift hits all competitors alike."""

import json

from benchbench.core.seeds import stream
from benchbench.core.spec import Trial


def blocks(trials: list[Trial]) -> list[tuple[int, Trial]]:
    """Trials with the number of their block, blocks and their insides shuffled.

    A block is one task, length, seed and device with all its competitors. The order follows from the trials and the
    name of their study alone, so that a run that goes on goes on in the same order.
    """
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        block = [trial.task, trial.task_options, trial.length, trial.seed, trial.device]
        groups.setdefault(json.dumps(block, sort_keys=True), []).append(trial)
    rng = stream(0, "order", trials[0].study if trials else "")
    members = list(groups.values())
    shuffled = []
    for number, group in enumerate(rng.permutation(len(members))):
        shuffled += [(number, members[group][i]) for i in rng.permutation(len(members[group]))]
    return shuffled
