"""A learner fitted outside of a study: for claims, which have protocols of their own."""

from typing import Any

from benchbench.core import registry
from benchbench.core.meter import Meter
from benchbench.core.options import bind
from benchbench.core.problem import Learner, Setting, Split
from benchbench.core.spec import Budget

FIRST_SEED = 100  # of claims: their options were found on seeds below


def fitted(
    architecture: str, train: Split, valid: Split, *, width: int, seed: int, updates: int = 10**9, batch: int = 64,
    steps: int | None = None, **options: Any,
) -> Learner:  # fmt: skip
    """An architecture of so many units, fitted on the CPU with at most so many updates.

    ``steps`` is the length of the sequences to predict, all steps scored, where it is another than that of the fit.
    InputError for a name or an option that does not exist.
    """
    plugin = registry.load().get("architecture", architecture)
    setting = Setting(
        inputs=train.inputs.shape[2],
        outputs=train.targets.shape[2],
        scored=steps or train.scored,
        length=steps or train.inputs.shape[1],
        width=width,
        seed=seed,
        batch=batch,
    )
    learner: Learner = plugin.function(setting, **bind(plugin.options, options, f"[architectures.{architecture}]"))
    budget = Budget(name="claim", width=width, updates=updates, batch=batch)
    meter = Meter(budget, batches=-(-len(train) // batch))
    meter.start()
    learner.fit(train, valid, meter)
    meter.stop()
    return learner
