"""Signals with an equation, as plain arrays: what tasks, claims and pitfalls are made of."""
