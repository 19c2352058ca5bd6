"""A mistake in a core is reported once, in one sentence; widths, warnings and own metrics."""

import warnings

import pytest

from benchbench.contract.check import check
from benchbench.core import registry

HEAD = """
import torch
from torch import nn
from benchbench import architecture
from benchbench.learn import Gradient

class Core(nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        self.cell = nn.GRU(inputs, width, batch_first=True)
    def forward(self, inputs, state=None):
        return self.cell(inputs, state)
"""
MAKE = """
@architecture("mine", version=1)
def mine(setting):
    return Gradient(setting, Mine{more})
"""
HEADS = """
class Mine(Core):
    def __init__(self, inputs, width):
        super().__init__(inputs, width)
        self.mix = nn.MultiheadAttention(width, 4, batch_first=True)
    def forward(self, inputs, state=None):
        states, state = self.cell(inputs, state)
        return states + 0 * self.mix.in_proj_weight.sum(), state
"""


def results(folder, source):
    (folder / "plugin.py").write_text(source)
    [plugin] = registry.registered(registry.load_file(folder / "plugin.py"))
    return check(plugin)


def told(found):
    """The sentences about broken promises."""
    return [one.detail for one in found if one.passed is False]


TWO = "the core must return two values, its states and the state that it ends in, not"
SHAPE = "the core's states must have the shape (batch, time, unit) = (2, 3, unit), not"
STATE = "the core does not accept the state that it returned:"
MISTAKES = {
    "return states": f"{TWO} one Tensor",
    "return states, state, state": f"{TWO} 3 values",
    "return state, states": f"{SHAPE} (1, 2, 1)",
    "return states[:, -1], state": f"{SHAPE} (2, 1)",
    "return states, state[:, :1]": f"{STATE} RuntimeError: Expected hidden size (1, 5, 6), got [1, 1, 6]",
}


FIRST, *OTHERS = MISTAKES


@pytest.mark.parametrize("body", [FIRST, *(pytest.param(body, marks=pytest.mark.long) for body in OTHERS)])
def test_a_mistake_in_the_output_of_a_core_is_reported_once_in_one_sentence(body, tmp_path):
    mine = "class Mine(Core):\n    def forward(self, inputs, state=None):\n"
    mine += f"        states, state = self.cell(inputs, state)\n        {body}\n"
    found = results(tmp_path, HEAD + mine + MAKE.replace("{more}", ""))
    assert told(found) == [MISTAKES[body]]
    assert found[-1].promise.endswith("more promises fail for a reason that is reported above")


def test_for_a_core_of_pytorch_without_batch_first_the_message_says_so(tmp_path):
    found = results(tmp_path, HEAD + "Mine = nn.GRU\n" + MAKE.replace("{more}", ""))
    assert told(found) == ["the core needs batch_first=True; without it, the batch is taken for the time"]


def test_a_core_that_forgets_batch_first_inside_mixes_sequences_and_is_caught(tmp_path):
    mine = "class Mine(Core):\n    def __init__(self, inputs, width):\n        nn.Module.__init__(self)\n"
    mine += "        self.cell = nn.GRU(inputs, width)\n"
    found = {one.promise: one for one in results(tmp_path, HEAD + mine + MAKE.replace("{more}", ""))}
    alone = found["one scored step: it predicts each sequence by itself"]
    assert alone.passed is False
    assert alone.detail == "a prediction depends on the rest of its batch: the last sequence alone gives another one"


def test_for_a_core_that_cannot_have_every_width_the_message_names_the_argument_widths(tmp_path):
    [said] = told(results(tmp_path, HEAD + HEADS + MAKE.replace("{more}", "")))
    assert said.startswith("it can have the widths [4, 16, 32], but not [1, 2, 3, 6, 9] (AssertionError: embed_dim")
    assert said.endswith(
        "say which it can have, such as Gradient(setting, core, widths=range(K, 1025, K)) for multiples of K"
    )


@pytest.mark.long
def test_a_core_with_a_list_of_widths_keeps_every_promise(tmp_path):
    found = results(tmp_path, HEAD + HEADS + MAKE.replace("{more}", ", widths=range(4, 1025, 4)"))
    assert {one.passed for one in found} == {True}


@pytest.mark.long
def test_a_warning_of_a_library_is_shown_once(tmp_path):
    mine = "class Mine(Core):\n    def forward(self, inputs, state=None):\n        warn('old')\n"
    mine += "        return self.cell(inputs, state)\n"
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        shown = []
        warnings.showwarning = lambda *warning, **_: shown.append(str(warning[0]))
        results(tmp_path, "from warnings import warn\n" + HEAD + mine + MAKE.replace("{more}", ""))
    assert shown == ["old"]


METRIC = """
import numpy as np
from benchbench import Metric, Objective, task
from benchbench.core.windows import forecast_series

def mine(targets, predictions):
    {body}

@task("beats", version=1)
def beats(rng, length):
    problem = forecast_series(np.cumsum(rng.standard_normal(900)), length=length, horizon=1)
    objective = Objective("beats", "squared_error", {"mine": Metric(mine, labels={labels})}, "mine")
    return type(problem)(train=problem.train, valid=problem.valid, test=problem.test, objective=objective)
"""


@pytest.mark.parametrize(
    ("body", "labels", "passed", "said"),
    [
        ("return np.abs(targets - predictions).mean()", False, True, ""),
        ("return targets.mean(axis=(1, 2))[10**9]", False, False, "metric 'mine' raises IndexError: index 1000000000"),
        ("return None", False, False, "metric 'mine' raises TypeError: float() argument must be"),
        (
            "raise ValueError('one class only')",
            False,
            None,
            "metric 'mine' is undefined on toy predictions",
        ),
        ("return float('nan')", False, None, "metric 'mine' gives nan on toy predictions"),
        ("return 0.0", True, False, "metric 'mine' needs labels, and test holds none"),
    ],
)
def test_a_users_own_metric_is_called_once(body, labels, passed, said, tmp_path):
    source = METRIC.replace("{body}", body).replace("{labels}", str(labels))
    found = {one.promise: one for one in results(tmp_path, source)}["its metrics give numbers"]
    assert found.passed is passed
    assert found.detail.startswith(said)
