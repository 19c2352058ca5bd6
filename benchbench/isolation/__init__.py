"""One process for each item: a pool, its supervisor, limits, and what a process leaves behind. Knows no trial."""
