"""Trials on the machines of a Dask cluster: the code of the run, the code of a worker, and their messages."""
