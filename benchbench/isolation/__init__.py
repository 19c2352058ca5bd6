"""Runs each item in a process of its own, within limits, and cleans up after it; knows nothing about trials."""
