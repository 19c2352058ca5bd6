"""Records of trials on the engine numba."""

import pytest

from benchbench import Budget, run_study
from benchbench.core import registry
from benchbench.core.record import Environment
from benchbench.core.spec import Trial
from benchbench.core.study import Study
from benchbench.learn.native import cache
from benchbench.run.trial import run_trial

PLUGIN = """
from torch import nn
from benchbench import architecture
from benchbench.learn.engines import ENGINES, gradient

@architecture("both_ways", version=1, engines=ENGINES)
def both_ways(setting):
    return gradient(setting, lambda i, w: nn.GRU(i, w, batch_first=True, bidirectional=True))
"""
BUDGET = Budget(name="few", width=12, updates=20, batch=24)


def recorded(architecture="gru", plugins=(), **options):
    trial = Trial(
        study="toy", task="noisy_sine", architecture=architecture, length=30, seed=0, engine="numba", budget=BUDGET,
        task_options={"samples": 300}, architecture_options=options,
    )  # fmt: skip
    return run_trial(trial, registry.load(plugins), Environment()).record


def test_a_record_has_the_kernel_and_its_compile_time_which_is_off_the_clock():
    cache.kernels("gru")
    record = recorded()
    assert record.status == "ok"
    assert record.kernel.startswith("numba gru v1 ")
    assert record.spent.kernel_seconds == cache.kernels("gru").compile_seconds > 0
    assert record.spent.compile_seconds == 0
    assert record.spent.updates == 20


def test_a_trial_that_the_engine_declines_has_a_record_with_one_sentence(tmp_path):
    (tmp_path / "plugin.py").write_text(PLUGIN)
    record = recorded("both_ways", [str(tmp_path / "plugin.py")])
    assert (record.status, record.message) == ("unsupported", "the engine numba has no cores with both directions")


@pytest.mark.parametrize("clip", [0.0, 1.0])
def test_a_fit_with_numbers_that_are_not_finite_is_recorded_as_diverged(clip):
    record = recorded(optimizer="sgd", learning_rate=3e38, clip=clip)
    assert (record.status, record.message.split(" after ")[0]) == ("diverged", "the weights are not finite")


@pytest.mark.attacks
def test_results_do_not_depend_on_jobs_and_a_fit_takes_less_memory_than_on_torch(tmp_path):
    study = Study(
        name="toy", lengths=(100,), seeds=2, engines=("torch", "numba"), budgets=(BUDGET,), closed_loop=False,
        tasks={"noisy_sine": ({},)}, architectures={name: ({},) for name in ("rnn", "gru", "lstm")},
    )  # fmt: skip
    runs = [run_study(study, tmp_path / str(jobs), jobs=jobs) for jobs in (1, 2)]
    assert all(record.status == "ok" for run in runs for record in run)
    assert [record.scores for record in runs[0]] == [record.scores for record in runs[1]]
    peaks = {}
    for record in runs[0]:
        trial = record.trial
        peaks.setdefault((trial.architecture, trial.seed), {})[trial.engine] = record.spent.peak_bytes
    assert all(peak["numba"] < peak["torch"] for peak in peaks.values())
