"""The description of the machine in a record."""

import re
import socket

from benchbench.core.spec import NAME
from benchbench.measure.machine import capture, label


def test_the_environment_names_machine_versions_and_limits():
    facts = capture(cores=2, jobs=2, threads=1)
    assert (facts.jobs, facts.threads) == (2, 1)
    assert facts.cores == 2
    assert re.match(r"\d+\.\d+", facts.torch)
    assert facts.commit is None or re.fullmatch(r"[0-9a-f]{40}", facts.commit)
    assert facts.memory_bytes > 2**28


def test_the_label_can_name_a_file_and_holds_no_host_name():
    facts = capture(cores=2, jobs=1, threads=1)
    assert re.fullmatch(NAME, facts.machine)
    assert socket.gethostname().lower() not in facts.machine
    assert label("Intel(R) Xeon(R) CPU @ 2.20GHz", 2, "NVIDIA H200") == "intel-xeon-cpu-2.20ghz-2-cores-nvidia-h200"


def test_a_given_label_replaces_the_automatic_one():
    assert capture(cores=2, jobs=1, threads=1, machine="mine").machine == "mine"
