"""Runs studies: makes one record of each trial, with many trials in parallel."""
