"""The allocator's setting is one, known, and does not hide memory."""

import sys

import pytest

from benchbench.run import allocator
from benchbench.run.isolate import isolated_map

glibc = pytest.mark.skipif(allocator._glibc() is None, reason="no glibc")


def faults_of_a_freed_block(keep):
    """Page faults of the second of two equal blocks of 8 MiB."""
    import resource

    import torch

    if keep:
        allocator.keep_freed()
    for _ in range(3):
        torch.ones(2**21)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.ones(2**21)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@glibc
def test_a_freed_block_is_used_again_without_page_faults():
    [(_, faults)] = isolated_map(faults_of_a_freed_block, [True])
    assert faults < 200  # of ten blocks of 2,048 pages


@pytest.mark.skipif(sys.platform.startswith("linux"), reason="elsewhere")
def test_without_glibc_the_default_is_recorded():
    assert allocator.keep_freed() == allocator.DEFAULT
