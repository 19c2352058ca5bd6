"""Measurements that know no trial: peak memory, contention, switches, the machine and its yardstick."""
