"""What tests of several folders share."""

import pytest


@pytest.fixture(scope="module")
def one_thread():
    """Two threads that share a busy core wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
