"""Comparison of two benchmark files, or of two stores of records."""
