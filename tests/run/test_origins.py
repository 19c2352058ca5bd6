"""The files that a trial comes from, and the detection of changes in them."""

import hashlib
import sys

import pytest

from benchbench.core import registry
from benchbench.core.spec import Budget, Trial
from benchbench.run import origins

PLUGIN = """
from benchbench import Size, architecture
import beside
@architecture("mine", version=1)
def mine(setting, *, data: str = ""):
    return beside.SCALE
"""


@pytest.fixture
def known(tmp_path, monkeypatch):
    """The registry with a plug-in that imports a file from its own folder."""
    (tmp_path / "mine.py").write_text(PLUGIN)
    (tmp_path / "beside.py").write_text("SCALE = 1\n")
    (tmp_path / "unused.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield registry.load([tmp_path / "mine.py"])
    sys.modules.pop("beside", None)


def trial(**options):
    budget = Budget(name="few", updates=1)
    return Trial(
        study="s", task="noisy_sine", architecture="mine", length=10, seed=0, budget=budget,
        architecture_options=options, versions={"task": 1, "architecture": 1},
    )  # fmt: skip


def test_a_plug_in_comes_from_its_file_and_its_imports_from_the_same_folder(known, tmp_path):
    [source] = origins.find([trial()], known).values()
    assert source.paths == (tmp_path / "mine.py", tmp_path / "beside.py")
    (tmp_path / "beside.py").write_text("SCALE = 2\n")
    [changed] = origins.find([trial()], known).values()
    assert changed.sha256 != source.sha256


def test_a_plugin_alone_has_the_digest_of_its_file(tmp_path):
    (tmp_path / "alone.py").write_text(PLUGIN.replace("import beside", "").replace("beside.SCALE", "1"))
    [source] = origins.find([trial()], registry.load([tmp_path / "alone.py"])).values()
    assert source.sha256 == hashlib.sha256((tmp_path / "alone.py").read_bytes()).hexdigest()


def test_an_option_that_names_a_folder_means_all_files_in_it(known, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.dat").write_bytes(b"1")
    digests = []
    for content in (b"2", b"3"):
        (folder / "b.dat").write_bytes(content)
        found = origins.find([trial(data=str(folder))], known)
        [source] = [one for origin, one in found.items() if origin.option is not None]
        assert source.paths == (folder / "a.dat", folder / "b.dat")
        digests.append(source.sha256)
    assert len(set(digests)) == 2
