"""What asv reads: its configuration, and the plug-in that makes its pages stand alone."""

import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import asv
import pytest
from asv.config import Config

ROOT = Path(__file__).parent.parent


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.scripts import offline

    yield offline
    for name in [name for name in sys.modules if name.split(".")[0] == "benchmarks"]:
        del sys.modules[name]


def test_the_pages_load_nothing_from_elsewhere(offline, tmp_path):
    page = shutil.copy(Path(asv.__file__).parent / "www" / "index.html", tmp_path)
    assert "https://" in "".join(re.findall(r"<(?:script|link)[^>]*>", Path(page).read_text()))
    offline.Offline.publish(SimpleNamespace(html_dir=tmp_path))
    tags = re.findall(r"<(?:script|link)[^>]*>", Path(page).read_text())
    assert not [tag for tag in tags if "https://" in tag]
    ours = {file.name for file in offline.WWW.iterdir()}
    named = {name for tag in tags for name in re.findall(r'(?:src|href)="([^"]+)"', tag)} & ours
    assert named == {file.name for file in tmp_path.iterdir()} - {"index.html"} == ours - {"README.md"}


def test_a_script_that_is_not_at_hand_is_loaded_as_before(offline, tmp_path):
    (tmp_path / "index.html").write_text(line := '<script src="https://somewhere/new.min.js" integrity="x"></script>')
    offline.Offline.publish(SimpleNamespace(html_dir=tmp_path))
    assert (tmp_path / "index.html").read_text() == line


def test_asv_takes_what_is_checked_out_and_starts_a_process_for_each_benchmark():
    conf = Config.load(str(ROOT / "asv.conf.json"))
    assert (conf.branches, conf.launch_method, conf.results_dir) == (["HEAD"], "spawn", "results/asv")
