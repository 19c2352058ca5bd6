"""How sure a difference is: intervals, pairs, verdicts and seeds, as pure functions over arrays."""
