"""The switches of a trial's process."""

import numpy as np

from benchbench.isolation.pool import isolated_map


def test_the_switches_are_set_and_returned():
    [(_, (told, found))] = isolated_map(switches, [1])
    assert told == {"denormals": "flushed", "deterministic": False, "matmul": "float32", "gc": "on"}
    assert found == {"denormal": 0.0, "deterministic": False, "matmul": "highest", "benchmark": False, "gc": True}


def switches(threads):
    import gc

    import torch

    from benchbench.measure.switches import set_flags

    told = set_flags(threads)
    return told, {
        "denormal": float((torch.tensor([1e-39]) * 1.0).item()),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "matmul": torch.get_float32_matmul_precision(),
        "benchmark": torch.backends.cudnn.benchmark,
        "gc": gc.isenabled(),
    }


def test_a_default_device_that_a_plug_in_has_set_is_reset():
    [(_, device)] = isolated_map(default_device, [1])
    assert device == "cpu"


def default_device(threads):
    import torch

    from benchbench.measure.switches import set_flags

    torch.set_default_device("meta")
    set_flags(threads)
    return torch.empty(1).device.type


def test_numpy_knows_its_limits_without_a_warning_afterwards():
    [(_, output)] = isolated_map(limits, [1])
    assert output == []


def limits(threads):
    import warnings

    from benchbench.measure.switches import set_flags

    set_flags(threads)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for kind in (np.float32, np.float64):
            np.finfo(kind).smallest_subnormal  # noqa: B018
    return [str(one.message) for one in caught]
