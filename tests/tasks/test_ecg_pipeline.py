"""The ECG with gaps and outliers."""

import numpy as np
import pytest

from benchbench.core.errors import InputError
from benchbench.tasks.ecg_pipeline import ecg_pipeline


def made(length=50, **options):
    return ecg_pipeline(np.random.default_rng(0), length, **{"database": "synthetic", "duration": 40.0, **options})


def test_no_window_ends_in_a_gap_and_the_time_of_each_target_is_known():
    problem = made()
    seconds = problem.shown["test_seconds"]
    lost = np.isnan(problem.shown["raw"][:, 1])
    at = np.rint((seconds - problem.shown["raw"][0, 0]) * 120).astype(int)
    assert len(seconds) == len(problem.test)
    assert lost.any()
    inside = at[at < len(lost)]
    assert not lost[inside].any()
    assert not lost[inside - 10].any()


def test_targets_are_the_clean_signal():
    problem = made()
    mean, std = problem.provenance["mean"][0], problem.provenance["std"][0]
    seconds, clean = problem.shown["clean"].T
    times = problem.shown["test_seconds"]
    known = times <= seconds[-1]
    np.testing.assert_allclose(
        problem.test.targets[known, 0, 0] * std + mean, np.interp(times[known], seconds, clean), atol=1e-5
    )


def test_clipping_takes_the_outliers_and_leaves_the_heartbeats():
    raw, clean = (made(clean=("interpolate", *more), clip_at=10.0).shown["clean"] for more in ((), ("clip",)))
    assert np.abs(raw[:, 1]).max() > 3.5
    low, high = made(clean=("interpolate", "clip"), clip_at=10.0).provenance["clean"]["clipped_at"]
    assert clean[:, 1].min() >= low[0] - 1e-9
    assert clean[:, 1].max() <= high[0] + 1e-9


def test_embedding_and_frequencies_are_further_inputs():
    problem = made(embedding=3, delay=4, frequencies=2)
    assert problem.train.inputs.shape[2] == 5
    assert problem.train.targets.shape[2] == 1
    np.testing.assert_array_equal(np.isfinite(problem.shown["clean"]), True)


def test_a_signal_with_gaps_needs_interpolation():
    with pytest.raises(InputError, match="missing or not finite"):
        made(clean=())


def test_the_message_names_a_missing_folder():
    with pytest.raises(InputError, match="no such folder"):
        made(database="mitdb", path="nowhere")
