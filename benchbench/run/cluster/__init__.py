"""Trials on the machines of a Dask cluster: the run's side, the worker's side, and what travels between them."""
