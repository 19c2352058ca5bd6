"""Options of one executor are refused with another, and an address without a scheduler is refused within seconds."""

import socket
import time

import pytest


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--executor", "dusk"], "executor 'dusk'"),
        (["--scheduler", "tcp://127.0.0.1:1"], "--scheduler is given without --executor dask"),
        (["--executor", "dask"], "--executor dask needs --scheduler"),
        (["--executor", "dask", "--scheduler", "x:1", "--jobs", "2"], "--jobs cannot be used with --executor dask"),
        (
            ["--executor", "dask", "--scheduler", "x:1", "--machine", "m"],
            "--machine cannot be used with --executor dask",
        ),
    ],
)
def test_an_option_of_another_executor_is_refused_in_one_message(cli, options, said):
    ended = cli("run", "quick", *options)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.long
def test_an_address_without_a_scheduler_is_refused_within_seconds(cli, tmp_path):
    pytest.importorskip("distributed")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    start = time.monotonic()
    ended = cli("run", "quick", "--executor", "dask", "--scheduler", f"tcp://127.0.0.1:{port}")
    assert ended.returncode == 2
    assert f"--scheduler tcp://127.0.0.1:{port}: no Dask scheduler answers there" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert time.monotonic() - start < 25
    assert not list(tmp_path.iterdir())
