"""Properties of every task in the folder."""

import importlib
import json
import pkgutil

import numpy as np
import pytest

from benchbench import tasks
from benchbench.core.errors import InputError
from benchbench.core.options import bind
from benchbench.core.registry import registered

pytestmark = pytest.mark.usefixtures("orbits")
MODULES = [importlib.import_module(f"benchbench.tasks.{info.name}") for info in pkgutil.iter_modules(tasks.__path__)]
PLUGINS = {plugin.name: plugin for module in MODULES for plugin in registered(module)}

NUMBERS = [
    (task, name)
    for task, plugin in PLUGINS.items()
    for name, field in plugin.options.model_fields.items()
    if type(field.default) in (int, float)
]


@pytest.fixture(scope="session")
def given(tmp_path_factory, wfdb_folder):
    """The options without which a task has no data."""
    signal = tmp_path_factory.mktemp("signal") / "signal.npy"
    np.save(signal, np.random.default_rng(0).standard_normal(5000))
    return {
        "ecg": {"path": str(wfdb_folder), "records": ["100", "101", "103"]},
        "series": {"path": str(signal)},
        "ecg_beats": {"database": "synthetic"},
        "ecg_anomaly": {"database": "synthetic"},
        "ecg_pipeline": {"database": "synthetic"},
    }


GIVEN = {"series", "energies"}  # data that are the same for every seed
MADE = {"cosine", "names", "problem_types", "energies"}  # sequences made as long as asked, or of a few lengths


def those(names):
    """Parameters of a test; the one of the Lorenz system, whose orbit takes seconds, is marked long."""
    return [pytest.param(name, marks=pytest.mark.long if name == "lorenz" else ()) for name in names]


@pytest.fixture
def make(given):
    def build(name, length=None, seed=0, **options):
        length = length or (2 if name == "energies" else 100)
        plugin = PLUGINS[name]
        chosen = bind(plugin.options, {**given.get(name, {}), **options}, "study")
        return plugin.function(np.random.default_rng(seed), length, **chosen)

    return build


def content(problem):
    parts = (problem.train, problem.valid, problem.test)
    arrays = [getattr(part, array) for part in parts for array in ("inputs", "targets")]
    runs = [array for run in (problem.free_run, problem.valid_run) if run for array in (run.prefix, run.truth)]
    return [array.tobytes() for array in arrays + runs]


def test_each_file_has_one_task_of_its_name():
    names = [[plugin.name for plugin in registered(module)] for module in MODULES]
    assert names == [[module.__name__.rpartition(".")[2]] for module in MODULES]


@pytest.mark.parametrize("name", those(PLUGINS))
def test_the_same_seed_gives_the_same_bytes_and_the_global_generator_is_not_used(make, name):
    before = np.random.get_state()[1].tobytes()  # noqa: NPY002  the one that must not be used
    assert content(make(name)) == content(make(name))
    assert np.random.get_state()[1].tobytes() == before  # noqa: NPY002


@pytest.mark.parametrize("name", those(sorted(PLUGINS.keys() - GIVEN)))
def test_another_seed_gives_other_bytes(make, name):
    assert not set(content(make(name))) & set(content(make(name, seed=1)))


@pytest.mark.parametrize("name", those(sorted(PLUGINS.keys() - {"energies"})))
@pytest.mark.parametrize("length", [25, 300])
def test_arrays_are_finite_float32_of_the_length_asked_for_and_few_enough(make, name, length):
    problem = make(name, length)
    for part, most in ((problem.train, 4000), (problem.valid, 1000), (problem.test, 2000)):
        assert part.inputs.dtype == part.targets.dtype == np.float32
        assert part.inputs.shape[1] == length
        assert np.isfinite(part.inputs).all()
        assert np.isfinite(part.targets).all()
        assert len(part) <= most
    assert problem.floor is None or problem.floor >= 0


@pytest.mark.parametrize("name", those(PLUGINS))
def test_provenance_is_plain_data_with_a_source_and_the_scaling(make, name):
    facts = json.loads(json.dumps(dict(make(name).provenance)))
    assert {"mean", "std"} < facts.keys()
    assert facts.keys() & {"source", "file"}
    assert facts == make(name).provenance


@pytest.mark.parametrize("name", sorted(PLUGINS.keys() - MADE))
def test_windows_longer_than_the_data_are_refused_with_their_length(make, name):
    with pytest.raises(InputError, match=r"\b1000[01]0\b"):
        make(name, 100_000)


@pytest.mark.parametrize(("name", "option"), NUMBERS)
def test_a_negative_number_is_refused_by_its_name(make, name, option):
    with pytest.raises(InputError, match=option):
        make(name, **{option: -1})


@pytest.mark.parametrize("name", those(PLUGINS))
def test_an_option_that_does_not_exist_is_refused(make, name):
    with pytest.raises(InputError, match=r"unknown option 'horizont'.* Allowed: "):
        make(name, horizont=1)


@pytest.mark.parametrize(("name", "option"), NUMBERS)
def test_a_number_in_quotes_is_refused(make, name, option):
    with pytest.raises(InputError, match=option):
        make(name, **{option: "5"})
