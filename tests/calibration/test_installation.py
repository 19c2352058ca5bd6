"""The facts about the installation that ``benchbench check`` prints."""

import torch

from benchbench.calibration.installation import look


def facts(results):
    return {fact.name: fact for fact in look(results)}


def test_the_facts_name_the_build_the_cores_and_the_data(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHBENCH_DATA", str(tmp_path))
    (tmp_path / "mitdb").mkdir()
    (tmp_path / "mitdb" / "100.hea").touch()
    found = facts(tmp_path / "results")
    assert torch.__version__ in found["torch"].found
    assert found["ECG records"].found.startswith("1 in")
    assert not any(fact.broken for fact in found.values())
    assert not (tmp_path / "results").exists()


def test_a_results_folder_that_cannot_be_written_is_broken(tmp_path):
    (tmp_path / "results").write_text("a file in the way")
    assert facts(tmp_path / "results")["results"].broken
