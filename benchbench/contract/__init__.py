"""The contract: what every architecture and every task promises, and checks of it for any plug-in."""

from benchbench.contract.check import Check, assert_contract, check

__all__ = ["Check", "assert_contract", "check"]
