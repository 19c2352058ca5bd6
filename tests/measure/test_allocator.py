"""The allocator has one known setting, which does not hide memory."""

import sys

import pytest

from benchbench.isolation.pool import isolated_map
from benchbench.measure import allocator

glibc = pytest.mark.skipif(allocator._glibc() is None, reason="no glibc")


def faults_of_freed_blocks(_):
    """Page faults of blocks like those of a training step, made and freed again and again."""
    import resource

    import torch

    def step():
        return [torch.ones(5 * 2**20) for _ in range(4)]

    allocator.keep_freed()
    for _ in range(5):
        step()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        step()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@glibc
def test_freed_blocks_are_used_again_without_page_faults():
    [(_, faults)] = isolated_map(faults_of_freed_blocks, [None])
    assert faults < 200  # of 20 blocks of 5,120 pages


@pytest.mark.skipif(sys.platform.startswith("linux"), reason="elsewhere")
def test_without_glibc_the_default_is_recorded():
    assert allocator.keep_freed() == allocator.DEFAULT
