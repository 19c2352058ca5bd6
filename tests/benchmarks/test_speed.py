import pytest
import torch

from benchbench import workloads, write_report

every_length = pytest.mark.parametrize("length", [100, 200, 300])
gpu = [pytest.mark.cuda, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")]
every_device = pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=gpu)])
every_architecture = pytest.mark.parametrize("architecture", ["rnn", "lstm", "gru", "esn"])


@pytest.fixture
def facts(measured, request):
    """Facts to save with a time: scores, memory and size of the trial of a place; empty where no time is taken."""

    def of(*place):
        record = request.getfixturevalue("records")[1][place]
        return {
            "test_mse": record.scores["test_mse"],
            "test_r2": record.scores["test_r2"],
            "peak_bytes": record.spent.device_peak_bytes or record.spent.peak_bytes,
            "parameters": record.spent.trained_parameters + record.spent.fixed_parameters,
        }

    return of if measured else lambda *_: {}


@every_device
@every_length
@every_architecture
def test_update(timed, facts, architecture, length, device):
    timed(workloads.update(architecture, length, device=device), **facts(architecture, length, device))


@every_device
@every_length
@every_architecture
def test_predict(timed, architecture, length, device):
    timed(workloads.predict(architecture, length, device=device))


@every_device
@every_length
@every_architecture
def test_generate(timed, architecture, length, device):
    timed(workloads.generate(architecture, length, device=device))


@every_length
@pytest.mark.parametrize("architecture", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("work", [workloads.update, workloads.predict, workloads.generate])
def test_engine_numba(timed, work, architecture, length):
    timed(work(architecture, length, engine="numba"))


@every_length
@pytest.mark.parametrize("task", ["mackey_glass", "lorenz", "noisy_sine", "cosine", "ecg_synthetic"])
def test_data(timed, task, length):
    timed(workloads.data(task, length))


@every_device
@every_length
def test_solve(timed, length, device):
    timed(workloads.solve(length, device=device))


@pytest.mark.parametrize("length", ["all"])
def test_report(timed, records, length):
    timed(workloads.report(write_report, "speed", records[0]))
