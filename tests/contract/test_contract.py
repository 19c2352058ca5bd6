"""The contract over the whole registry, and plug-ins that break it."""

import re

import pytest

from benchbench.contract.check import assert_contract, check, shipped_sets
from benchbench.core import registry

pytestmark = pytest.mark.usefixtures("orbits")
REGISTRY = registry.load()


QUICK = {"linear", "mean", "noisy_sine", "problem_types"}
ALL = [
    pytest.param(one, id=f"{one.kind}-{one.name}", marks=() if one.name in QUICK else pytest.mark.long)
    for one in REGISTRY.plugins.values()
]


@pytest.mark.parametrize("plugin", ALL)
def test_everything_registered_keeps_the_contract(plugin, monkeypatch, tmp_path):
    monkeypatch.setenv("BENCHBENCH_DATA", str(tmp_path))
    assert_contract(plugin)


def broken(path, source):
    file = path / "plugin.py"
    file.write_text(HEAD + source)
    [plugin] = registry.registered(registry.load_file(file))
    return {result.promise for result in check(plugin) if result.passed is False}


HEAD = """
import random
import numpy as np
from benchbench import architecture, task, Size, Split, Problem, UnsupportedError
from numpy.lib.stride_tricks import sliding_window_view

class Base:
    def __init__(self, setting):
        self.setting, self.size = setting, Size(trained=setting.width)
    def fit(self, train, valid, meter):
        while meter.spend():
            pass
    def predict(self, inputs):
        return inputs[:, -self.setting.scored:]

def windows(series, length):
    views = sliding_window_view(np.asarray(series, np.float32), length + 1)[:, :, None]
    return views[:, :-1], views[:, -1:]

def split(pairs, order):
    inputs, targets = pairs
    return Split(inputs=inputs[order], targets=targets[order])
"""

LEARNERS = {
    "its size never shrinks with its width": """
        def __init__(self, setting):
            super().__init__(setting)
            self.size = Size(trained=100 - setting.width)
    """,
    "it never makes more updates than the budget": """
        def fit(self, train, valid, meter):
            for _ in range(100):
                meter.spend()
    """,
    "one scored step: predictions are finite and of the right shape": """
        def predict(self, inputs):
            return inputs[:, -self.setting.scored:, 0]
    """,
    "many scored steps: predictions are finite and of the right shape": """
        def predict(self, inputs):
            return inputs[:, -self.setting.scored:] * np.nan
    """,
    "one scored step: the same seed gives the same predictions": """
        def predict(self, inputs):
            return inputs[:, -self.setting.scored:] + np.random.default_rng().random()
    """,
    "one scored step: it predicts each sequence by itself": """
        def predict(self, inputs):
            return inputs[:, -self.setting.scored:] - inputs.mean()
    """,
    "it is causal: later inputs do not change earlier outputs": """
        def predict(self, inputs):
            return inputs[:, -self.setting.scored:] + inputs.mean(axis=1, keepdims=True)
    """,
    "global random generators and the data stay untouched": """
        def fit(self, train, valid, meter):
            random.random()
    """,
    "one scored step: a free run has the right shape, and divergence shows": """
        def generate(self, prefix, steps):
            return np.zeros((len(prefix), steps))
    """,
    "many scored steps: a free run has the right shape, and divergence shows": """
        def generate(self, prefix, steps):
            made = np.repeat(prefix[:, -1:], steps, axis=1)
            made[0, steps // 2] = np.inf
            return made
    """,
    "one scored step: the same seed gives the same free run": """
        def generate(self, prefix, steps):
            return np.repeat(prefix[:, -1:], steps, axis=1) + np.random.default_rng().random()
    """,
    "many scored steps: the same seed gives the same free run": """
        def predict(self, inputs):
            noise = 1e-6 * np.random.default_rng().standard_normal(1)
            return inputs[:, -self.setting.scored:] + noise.astype(np.float32)
    """,
    "one scored step: a free run starts with the last predicted step": """
        def generate(self, prefix, steps):
            return np.repeat(prefix[:, -2:-1], steps, axis=1)
    """,
    "many scored steps: a free run in two pieces equals the run in one": """
        def generate(self, prefix, steps):
            return prefix[:, -1:] * 0.5 ** np.arange(steps)[:, None]
    """,
    "what it keeps predicts bit by bit the same when it is restored": """
        factor = 1.0
        def fit(self, train, valid, meter):
            super().fit(train, valid, meter)
            self.factor = 1 + 1e-7
        def predict(self, inputs):
            return self.factor * inputs[:, -self.setting.scored:].astype(float)
        def keep(self):
            return {"factor": np.float32(1)}
        def restore(self, kept):
            self.factor = float(kept["factor"])
    """,
}


@pytest.mark.parametrize("promise", LEARNERS)
def test_a_learner_that_breaks_a_promise_is_caught(promise, tmp_path):
    only = "if setting.scored == 1: raise UnsupportedError('many steps only')" if promise.startswith("many") else "pass"
    make = f'\n@architecture("mine", version=1)\ndef mine(setting):\n    {only}\n    return Mine(setting)\n'
    body = LEARNERS[promise].replace("\n    ", "\n")
    assert promise in broken(tmp_path, f"class Mine(Base):\n{body}\n{make}")


def test_a_learner_that_does_not_say_how_it_is_kept_gets_a_message(tmp_path):
    (tmp_path / "plugin.py").write_text(
        f'{HEAD}\n@architecture("mine", version=1)\ndef mine(setting): return Base(setting)'
    )
    [plugin] = registry.registered(registry.load_file(tmp_path / "plugin.py"))
    [found] = [one for one in check(plugin) if one.promise.startswith("what it keeps")]
    assert found.passed is None
    assert found.detail == "it has no keep and restore, so run --keep keeps no fit of it, and predict cannot apply one"


TASKS = {
    "it makes a problem of the requested length, with finite values": """
    pairs = windows(rng.standard_normal(900), length + 1)
    parts = [range(0, 400), range(500, 600), range(700, 800)]
    """,
    "the same seed gives the same bytes": """
    pairs = windows(np.random.default_rng().standard_normal(900), length)
    parts = [range(0, 400), range(500, 600), range(700, 800)]
    """,
    "no stretch of train is in valid or test too": """
    pairs = windows(rng.standard_normal(900), length)
    order = rng.permutation(800)
    parts = [order[:600], order[600:700], order[700:]]
    """,
    "the targets lie ahead of the inputs they are scored with": """
    inputs, _ = windows(rng.standard_normal(900), length)
    pairs = inputs, inputs[:, -3:-2]
    parts = [range(0, 400), range(500, 600), range(700, 800)]
    """,
    "the scaling is fitted on train alone": """
    series = np.cumsum(rng.standard_normal(2000))
    series = (series - series.mean()) / series.std()
    pairs = windows(series, length)
    parts = [range(0, 1300), range(1341, 1600), range(1641, 1960)]
    """,
    "global random generators stay untouched": """
    np.random.random()
    pairs = windows(rng.standard_normal(900), length)
    parts = [range(0, 400), range(500, 600), range(700, 800)]
    """,
}


TASKS_WITH_A_FREE_RUN = {
    "it makes a problem of the requested length, with finite values": "truth[3, 5] = np.nan",
    "the same seed gives the same bytes": "truth = truth + np.float32(1e-3 * np.random.default_rng().random())",
    "the truth of a free run continues where its prefix ends": "truth = truth[::-1].copy()",
    "a free run generates no stretch that is in train or in a test input": """
    whole = sliding_window_view(series[:700], length + 150)[::60, :, None]
    prefix, truth = whole[:, :length].copy(), whole[:, length:].copy()
    """,
}


def free_running(path, change="", valid_run="None"):
    """The results of a task of an irregular signal whose free run is changed."""
    (path / "plugin.py").write_text(f"""{HEAD}
from benchbench import FreeRun
@task("mine", version=1)
def mine(rng, length):
    smooth = np.convolve(rng.standard_normal(3000), np.hanning(25), "valid")
    series = (smooth / smooth[:1000].std()).astype(np.float32)
    pairs = windows(series, length)
    train, valid, test = (split(pairs, list(part)) for part in (range(900), range(1000, 1100), range(1200, 1300)))
    whole = sliding_window_view(series[1400:], length + 150)[::60, :, None]
    prefix, truth = whole[:, :length].copy(), whole[:, length:].copy()
    {change.strip()}
    free_run = FreeRun(prefix=prefix, truth=truth)
    return Problem(train=train, valid=valid, test=test, free_run=free_run, valid_run={valid_run})
""")
    [plugin] = registry.registered(registry.load_file(path / "plugin.py"))
    return check(plugin)


@pytest.mark.parametrize("promise", TASKS_WITH_A_FREE_RUN)
def test_a_task_whose_free_run_breaks_a_promise_is_caught(promise, tmp_path):
    results = free_running(tmp_path, TASKS_WITH_A_FREE_RUN[promise])
    assert [result.promise for result in results if result.passed is False] == [promise]


def test_a_task_that_is_wrongly_declared_unseeded_is_caught(tmp_path):
    (tmp_path / "plugin.py").write_text(f"""{HEAD}
@task("mine", version=1, seeded=False)
def mine(rng, length):
    pairs = windows(rng.standard_normal(900), length)
    train, valid, test = (split(pairs, list(part)) for part in (range(400), range(500, 600), range(700, 800)))
    return Problem(train=train, valid=valid, test=test)
""")
    [plugin] = registry.registered(registry.load_file(tmp_path / "plugin.py"))
    broken = [result.promise for result in check(plugin) if result.passed is False]
    assert broken == ["every seed gives the same bytes, as it is not seeded"]


def test_a_task_with_an_honest_free_run_keeps_every_promise(tmp_path):
    assert {result.passed for result in free_running(tmp_path)} == {True}


def test_a_task_that_chooses_option_sets_by_the_starts_of_its_free_run_is_caught(tmp_path):
    results = free_running(tmp_path, valid_run="FreeRun(prefix=prefix[10:], truth=truth[10:])")
    [broken] = [result.detail for result in results if result.passed is False]
    assert re.fullmatch(r"(\d+) of \1 starts hold a stretch that is in the free run too", broken)


def test_option_sets_may_be_chosen_by_other_starts(tmp_path):
    half = "prefix, truth = prefix[:10], truth[:10]"
    other = "FreeRun(prefix=whole[12:, :length].copy(), truth=whole[12:, length:].copy())"
    assert {result.passed for result in free_running(tmp_path, half, other)} == {True}


def test_a_task_that_chooses_option_sets_by_a_free_run_over_train_is_caught(tmp_path):
    seen = "FreeRun(prefix=prefix, truth=np.tile(series[:150], (len(prefix), 1))[:, :, None])"
    [broken] = [result for result in free_running(tmp_path, valid_run=seen) if result.passed is False]
    assert broken.promise == "the starts that choose option sets for the free run are not its own"
    assert "hold a stretch that is in train too" in broken.detail


def test_a_task_without_a_free_run_has_no_promises_about_it():
    results = check(REGISTRY.get("task", "ecg_synthetic"))
    assert [result.detail for result in results if result.passed is None] == ["it declares no free run"] * 2


@pytest.mark.parametrize("promise", TASKS)
def test_a_task_that_breaks_a_promise_is_caught(promise, tmp_path):
    source = f"""
@task("mine", version=1)
def mine(rng, length):
    {TASKS[promise].strip()}
    train, valid, test = (split(pairs, list(part)) for part in parts)
    return Problem(train=train, valid=valid, test=test)
"""
    assert promise in broken(tmp_path, source)


def test_a_learner_may_decline_many_scored_steps(tmp_path):
    file = tmp_path / "plugin.py"
    body = """
from benchbench.core.errors import UnsupportedError
class Mine(Base):
    def fit(self, train, valid, meter):
        if self.setting.scored > 1:
            raise UnsupportedError("one step only")
@architecture("mine", version=1)
def mine(setting):
    return Mine(setting)
"""
    file.write_text(HEAD + body)
    [plugin] = registry.registered(registry.load_file(file))
    results = check(plugin)
    assert {r.passed for r in results} == {True, None}
    assert "one step only" in {r.detail for r in results}


def test_a_learner_may_decline_free_runs(tmp_path):
    file = tmp_path / "plugin.py"
    body = """
from benchbench.core.errors import UnsupportedError
class Mine(Base):
    def generate(self, prefix, steps):
        raise UnsupportedError("no loop")
@architecture("mine", version=1)
def mine(setting):
    return Mine(setting)
"""
    file.write_text(HEAD + body)
    [plugin] = registry.registered(registry.load_file(file))
    untested = [one for one in check(plugin) if one.passed is not True and not one.promise.startswith("what it keeps")]
    assert {(result.passed, result.detail) for result in untested} == {(None, "no loop")}
    assert all("free run" in result.promise for result in untested)


def results_of(path, source):
    (path / "plugin.py").write_text(HEAD + source)
    [plugin] = registry.registered(registry.load_file(path / "plugin.py"))
    return {result.promise: result for result in check(plugin)}


CLASSIFIER = """
from benchbench.core.errors import UnsupportedError
class Nearest:
    size = Size(trained=0)
    def __init__(self, setting):
        if not setting.objective.classifies:
            raise UnsupportedError("classes only")
        self.setting = setting
    def fit(self, train, valid, meter):
        self.train = train
    def predict(self, inputs, lengths=None):
        {body}
        nearest = np.abs(inputs.mean(axis=1) - self.train.inputs.mean(axis=1).T).argmin(axis=1)
        return self.train.targets[nearest]
@architecture("mine", version=1)
def mine(setting):
    return Nearest(setting)
"""


def test_a_learner_that_only_classifies_is_checked_on_the_promises_for_classes(tmp_path):
    cut = "inputs = inputs if lengths is None else inputs * (np.arange(12) < lengths[:, None])[:, :, None]"
    results = results_of(tmp_path, CLASSIFIER.replace("{body}", cut))
    assert not [r for r in results.values() if r.passed is False]
    assert results["classes: predictions are finite and of the right shape"].passed
    assert results["classes: values in the padding change nothing"].passed


def test_a_learner_that_reads_the_padding_is_caught(tmp_path):
    results = results_of(tmp_path, CLASSIFIER.replace("{body}", "pass"))
    assert results["classes: values in the padding change nothing"].passed is False


def test_a_learner_whose_outputs_are_not_probabilities_is_caught(tmp_path):
    results = results_of(tmp_path, CLASSIFIER.replace("{body}", "return 2 * self.train.targets[: len(inputs)]"))
    found = results["classes: predictions are finite and of the right shape"]
    assert found.passed is False
    assert "probabilities" in found.detail


@pytest.mark.parametrize(("gain", "agree"), [("1.0", True), ("1.01", False)])
def test_two_engines_must_agree(tmp_path, gain, agree):
    results = results_of(
        tmp_path,
        f"""
class Mine(Base):
    def predict(self, inputs):
        return inputs[:, -self.setting.scored:] * (1.0 if self.setting.engine == "torch" else {gain})
@architecture("mine", version=1, engines={{"torch": None, "other": 2}})
def mine(setting):
    return Mine(setting)
""",
    )
    assert results["its engines torch and other agree"].passed is agree


LABELS = """
from benchbench import Objective
@task("mine", version=1, lengths=(16,))
def mine(rng, length):
    true = np.arange(90) % 3
    inputs = (true[:, None, None] + rng.standard_normal((90, length, 1))).astype(np.float32)
    lengths = rng.integers(9, length + 1, 90)
    inputs[np.arange(length) >= lengths[:, None]] = 0
    targets = np.eye(4, dtype=np.float32)[true][:, None]
    {change}
    parts = [Split(inputs=inputs[i::3], targets=targets[i::3], lengths=lengths[i::3]) for i in range(3)]
    return Problem(
        train=parts[0], valid=parts[1], test=parts[2], objective=Objective.classification(), asks="label", causal=False
    )
"""


def test_a_task_of_labels_need_not_look_ahead_and_has_examples_of_each_class(tmp_path):
    shifted = "true = np.arange(90) // 3 % 3; targets = np.eye(3, dtype=np.float32)[true][:, None]"
    results = results_of(tmp_path, LABELS.replace("{change}", shifted))
    assert not [r for r in results.values() if r.passed is False], results
    assert "the targets lie ahead of the inputs they are scored with" not in results
    assert results["no stretch of train is in valid or test too"].passed


def test_a_class_without_an_example_in_train_is_caught(tmp_path):
    results = results_of(tmp_path, LABELS.replace("{change}", "pass"))
    assert results["every class that is asked for occurs in train"].passed is False


def test_a_leak_is_found_among_sequences_of_different_length(tmp_path):
    leak = (
        "inputs[1, :lengths[1]] = 0.5 * np.arange(lengths[1])[:, None]; inputs[0], lengths[0] = inputs[1], lengths[1]"
    )
    results = results_of(tmp_path, LABELS.replace("{change}", leak))
    assert results["no stretch of train is in valid or test too"].passed is False


def test_the_contract_is_checked_with_the_option_sets_of_shipped_studies():
    subjects = {result.subject for result in check(REGISTRY.get("task", "noisy_sine"))}
    assert subjects == {"task noisy_sine"}
    sets = [options for options, _ in shipped_sets(REGISTRY.get("architecture", "esn"))]
    assert {
        "spectral_radius": 0.9,
        "leak": 0.5,
        "input_scaling": 0.2,
        "state_noise": 1e-5,
        "precision": "float64",
    } in sets
    assert all(length >= 100 for _, length in shipped_sets(REGISTRY.get("task", "mackey_glass")))


def test_a_learner_that_crashes_on_lengths_that_it_offers_is_caught(tmp_path):
    crash = "inputs = inputs if lengths is None else inputs[10**9]"
    results = results_of(tmp_path, CLASSIFIER.replace("{body}", crash))
    assert results["classes: values in the padding change nothing"].passed is False


def test_a_learner_that_needs_later_inputs_is_tested_where_it_may_see_them(tmp_path):
    results = results_of(
        tmp_path,
        """
from benchbench.core.errors import UnsupportedError
class Mine(Base):
    def __init__(self, setting):
        super().__init__(setting)
        if setting.causal:
            raise UnsupportedError("needs later inputs")
    def predict(self, inputs):
        return inputs[:, -self.setting.scored:] + inputs.mean(axis=1, keepdims=True)
@architecture("mine", version=1)
def mine(setting):
    return Mine(setting)
""",
    )
    assert results["many scored steps: the same seed gives the same predictions"].passed
    assert not [r for r in results.values() if r.passed is False and "free run" not in r.promise], results
