"""The engine ``numba``: kernels in vector instructions that train rnn, gru and lstm; docs/engine.md explains them."""

VERSION = 1
"""The version of the kernels: raise it when their results change."""
