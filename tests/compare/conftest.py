"""The synthetic records of the report's tests, for the tests that compare records."""

import importlib.util
from pathlib import Path

_FILE = Path(__file__).parents[1] / "report" / "conftest.py"
_spec = importlib.util.spec_from_file_location("synthetic_records", _FILE)
_records = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_records)

budgets, grid, record, stored = _records.budgets, _records.grid, _records.record, _records.stored
