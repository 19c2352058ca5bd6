"""Peak memory, contention, switches, the machine and its yardstick. Knows no trial."""
