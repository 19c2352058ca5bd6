"""Statistics of differences: intervals, pairs, verdicts, seeds needed and power laws, as pure functions over arrays."""
