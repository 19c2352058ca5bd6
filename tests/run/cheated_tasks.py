"""Tasks that competitors cheat on, as a plug-in file of its own."""

import numpy as np

from benchbench import FreeRun, Problem, Split, task
from benchbench.core.windows import forecast_series


@task("noise", version=1)
def noise(rng, length):
    """A sine in noise of known variance, one step ahead."""
    series = np.sin(0.3 * np.arange(1500)) + rng.standard_normal(1500)
    return forecast_series(series, length=length, horizon=1, floor=1.0)


@task("secret", version=1)
def secret(rng, length):
    """Targets of the test split, labels and the truth of the free runs are numbers that stand nowhere else."""

    def split(count, targets, labels=None):
        inputs = rng.standard_normal((count, length, 1)).astype(np.float32)
        return Split(inputs=inputs, targets=targets.astype(np.float32).reshape(-1, 1, 1), labels=labels)

    secrets = 77_777_000 + 8.0 * np.arange(-50, 50)
    prefix = rng.standard_normal((5, length, 1)).astype(np.float32)
    return Problem(
        train=split(200, rng.standard_normal(200)),
        valid=split(100, rng.standard_normal(100)),
        test=split(100, secrets, secrets.astype(np.float32)),
        free_run=FreeRun(prefix=prefix, truth=secrets.astype(np.float32).reshape(5, 20, 1)),
        valid_run=FreeRun(prefix=prefix, truth=secrets.astype(np.float32)[::-1].reshape(5, 20, 1)),
    )
