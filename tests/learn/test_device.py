"""Devices: a missing device is an error, and seeding leaves no trace."""

import pytest
import torch

from benchbench import Budget, Study, run_study
from benchbench.core.errors import InputError
from benchbench.learn import device


def test_an_unknown_device_is_refused_with_the_nearest_name():
    with pytest.raises(InputError, match="did you mean 'cuda'"):
        device.require("cuda0")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one here")
def test_a_missing_gpu_is_an_error_and_not_replaced_by_the_cpu():
    with pytest.raises(InputError, match="finds no CUDA device"):
        device.require("cuda")


def test_seeding_is_reproducible_inside_and_invisible_outside():
    before = torch.random.get_rng_state()
    with device.seeded(5, "cpu"):
        first = torch.rand(3)
    with device.seeded(5, "cpu"):
        second = torch.rand(3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        assert torch.equal(first, torch.rand(3))
    assert torch.equal(first, second)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_peak_of_a_known_allocation_is_read():
    torch.zeros(1, device="cuda")  # what is loaded with the first kernel is in use too
    device.synchronizer("cuda")()
    device.reset_peak("cuda")
    before = device.memory("cuda")
    block = torch.zeros(300 * 2**20, dtype=torch.uint8, device="cuda")
    device.synchronizer("cuda")()
    after = device.memory("cuda")
    for figure in ("allocated", "reserved", "in_use"):
        assert getattr(after, figure) - getattr(before, figure) == pytest.approx(block.numel(), rel=0.03)


def test_the_cpu_has_no_device_memory():
    assert device.memory("cpu") is None


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("architecture", ["gru", "esn"])
def test_a_trial_on_the_device_records_three_readings_of_its_memory(tmp_path, architecture):
    study = Study(
        name="device",
        lengths=(50,),
        devices=("cuda",),
        seeds=1,
        budgets=(Budget(name="few", width=16, updates=5),),
        tasks={"noisy_sine": {}},
        architectures={architecture: {}},
    )
    [record] = run_study(study, tmp_path)
    assert (record.status, record.message) == ("ok", "")
    assert 0 < record.spent.device_peak_bytes <= record.spent.device_reserved_bytes
    assert record.spent.device_used_bytes > 0
    assert record.environment.yardstick["cuda"]["gemm_gflops"] > 0
