"""Makes learners outside of a study, for claims and pitfalls, which have their own protocols, and for benchmarks."""

from typing import Any

from benchbench.core import registry
from benchbench.core.meter import Meter
from benchbench.core.options import bind
from benchbench.core.problem import Learner, Setting, Split
from benchbench.core.spec import Budget

FIRST_SEED = 100  # the first seed of claims; smaller seeds served to find their options


def made(
    architecture: str, train: Split, *, width: int, seed: int, batch: int = 64, steps: int | None = None,
    device: str = "cpu", engine: str = "torch", **options: Any,
) -> Learner:  # fmt: skip
    """An unfitted learner of an architecture with ``width`` units, for sequences like those of ``train``.

    ``steps``: the length of the sequences to predict, all steps scored, if it differs from the fit's. InputError for a
    name or an option that does not exist.
    """
    plugin = registry.load().get("architecture", architecture)
    setting = Setting(
        inputs=train.inputs.shape[2],
        outputs=train.targets.shape[2],
        scored=steps or train.scored,
        length=steps or train.inputs.shape[1],
        width=width,
        seed=seed,
        device=device,
        batch=batch,
        engine=engine,
    )
    learner: Learner = plugin.function(setting, **bind(plugin.options, options, f"[architectures.{architecture}]"))
    return learner


def fitted(
    architecture: str, train: Split, valid: Split, *, width: int, seed: int, updates: int = 10**9, batch: int = 64,
    **options: Any,
) -> Learner:  # fmt: skip
    """As ``made``, and fitted with at most ``updates`` updates."""
    learner = made(architecture, train, width=width, seed=seed, batch=batch, **options)
    budget = Budget(name="claim", width=width, updates=updates, batch=batch)
    meter = Meter(budget, batches=-(-len(train) // batch))
    meter.start()
    learner.fit(train, valid, meter)
    meter.stop()
    return learner
