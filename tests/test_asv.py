"""What asv reads: its configuration."""

from pathlib import Path

from asv.config import Config

ROOT = Path(__file__).parent.parent


def test_asv_takes_what_is_checked_out_and_starts_a_process_for_each_benchmark():
    conf = Config.load(str(ROOT / "asv.conf.json"))
    assert (conf.branches, conf.launch_method, conf.results_dir) == (["HEAD"], "spawn", "results/asv")
