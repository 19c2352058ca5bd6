"""What every architecture and every task promises, checked on anybody's plug-in."""

from benchbench.contract.check import Check, assert_contract, check

__all__ = ["Check", "assert_contract", "check"]
