"""Benchmarks over commits, for asv; see asv.conf.json. scripts/ are run by hand."""
