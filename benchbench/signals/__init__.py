"""Signals as plain arrays, from equations and from files, for tasks, claims and pitfalls."""
