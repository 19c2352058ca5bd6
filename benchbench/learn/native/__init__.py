"""The engine ``numba``: rnn, gru and lstm trained by kernels written out as vectors; docs/engine.md explains them."""

VERSION = 1
"""Of the kernels: raise it where their results change."""
