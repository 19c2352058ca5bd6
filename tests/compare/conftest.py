"""Synthetic records, made as in the tests of the report, and stores of them."""

import importlib.util
from collections import defaultdict
from pathlib import Path

import pytest

_FILE = Path(__file__).parents[1] / "report" / "conftest.py"
_spec = importlib.util.spec_from_file_location("synthetic_records", _FILE)
_records = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_records)

budgets, grid, record = _records.budgets, _records.grid, _records.record


@pytest.fixture
def stored(tmp_path):
    """Write records where the store looks for them; returns the folder of results."""

    def write(records, results=tmp_path / "results", study="toy"):
        lines = defaultdict(list)
        for one in records:
            lines[one.environment.machine].append(f"{one.model_dump_json()}\n")
        folder = results / "records" / study
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.jsonl"):
            old.unlink()
        for machine, texts in lines.items():
            (folder / f"{machine}.jsonl").write_text("".join(texts))
        return results

    return write
