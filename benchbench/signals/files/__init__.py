"""Reads files of signals as tables of numbers, with one reader for each format."""
