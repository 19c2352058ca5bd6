"""The second stage of the report: turns numbers into blocks, which contain no markup."""
