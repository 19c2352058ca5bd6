import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchbench.core import shipped as known_studies
from benchbench.core import study as studies
from benchbench.core.errors import InputError
from benchbench.core.registry import Registry, load_file, registered
from benchbench.core.spec import Budget
from benchbench.core.study import Study, find, read, shipped

Write = Callable[..., Path]

EXAMPLE = """
name = "main"
lengths = [100, 200, 300]
devices = ["cpu"]
seeds = 5

[[budgets]]
name = "equal-updates"
parameters = 10_000
updates = 1_000
batch = 64

[[budgets]]
name = "equal-seconds"
parameters = 10_000
seconds = 10

[tasks.mackey_glass]
horizon = 15
[tasks.ecg]
records = ["100", "106"]

[architectures.rnn]
[architectures.lstm]
learning_rate = [1e-3, 5e-3]
"""


def refusal(file: Path, known: Registry) -> str:
    """The message of a study that must be refused, without the folder it lies in."""
    with pytest.raises(InputError) as caught:
        read(file).trials(known, str(file))
    message = str(caught.value)
    assert message.startswith(str(file)), "the message names the file"
    message = message.removeprefix(str(file))
    assert "\n" not in message
    assert len(message) < 300, "the message is of sensible length"
    assert "pydantic" not in message
    assert "http" not in message
    return message


def test_the_example_of_the_design_is_a_study_of_180_trials(study_file: Write, known: Registry) -> None:
    file = study_file()
    file.write_text(EXAMPLE, encoding="utf-8")
    study = read(file)
    trials = study.trials(known, str(file))
    assert study.budgets[0] == Budget(name="equal-updates", parameters=10_000, updates=1_000, batch=64)
    assert study.budgets[1] == Budget(name="equal-seconds", parameters=10_000, seconds=10.0)
    assert len(trials) == 2 * 5 * 2 * 3 * (1 + 2)
    assert len({trial.key for trial in trials}) == len(trials)
    assert {tuple(trial.task_options.get("records", ())) for trial in trials} == {(), ("100", "106")}
    assert {trial.architecture_options.get("learning_rate") for trial in trials} == {None, 1e-3, 5e-3}


def test_competitors_of_one_task_length_and_seed_are_adjacent(study_file: Write, known: Registry) -> None:
    file = study_file()
    file.write_text(EXAMPLE, encoding="utf-8")
    first = read(file).trials(known)[:3]
    assert len({(t.task, t.length, t.seed, t.budget, t.device) for t in first}) == 1
    assert [t.architecture for t in first] == ["rnn", "lstm", "lstm"]


def test_keys_that_a_study_leaves_out_have_defaults(study_file: Write) -> None:
    study = read(study_file(top='name = "main"\nlengths = [100]'))
    assert (study.seeds, study.devices, study.timeout, study.plugins, study.description) == (5, ("cpu",), None, (), "")


def test_the_versions_of_task_and_architecture_are_part_of_a_trial(study_file: Write, known: Registry) -> None:
    (trial,) = read(study_file()).trials(known)
    assert trial.versions == {"task": 3, "architecture": 2}


def test_the_trials_of_a_study_have_a_closed_loop_unless_it_says_otherwise(study_file: Write, known: Registry) -> None:
    (with_loop,) = read(study_file()).trials(known)
    (without,) = read(study_file(top='name = "main"\nlengths = [100]\nseeds = 1\nclosed_loop = false')).trials(known)
    assert (with_loop.closed_loop, without.closed_loop) == (True, False)
    assert with_loop.key != without.key == with_loop.model_copy(update={"closed_loop": False}).key


def test_lists_as_option_values_give_every_combination(study_file: Write, known: Registry) -> None:
    file = study_file(architectures="[architectures.lstm]\nlearning_rate = [0.1, 0.2]\nlayers = [1, 2, 3]")
    sets = [trial.architecture_options for trial in read(file).trials(known)]
    assert sets == [{"learning_rate": rate, "layers": layers} for rate in (0.1, 0.2) for layers in (1, 2, 3)]


def test_option_sets_can_be_given_one_by_one(study_file: Write, known: Registry) -> None:
    tables = "\n".join(
        f"[[architectures.lstm]]\nlearning_rate = {rate}\nlayers = {layers}"
        for rate, layers in (("0.1", "1"), ("[0.1, 0.2]", "2"), ("0.2", "2"))
    )
    sets = [trial.architecture_options for trial in read(study_file(architectures=tables)).trials(known)]
    assert sets == [{"learning_rate": rate, "layers": layers} for rate, layers in ((0.1, 1), (0.1, 2), (0.2, 2))]


def test_a_list_for_an_option_that_takes_a_list_is_one_value(study_file: Write, known: Registry) -> None:
    (trial,) = read(study_file(tasks='[tasks.ecg]\nrecords = ["100", "106"]')).trials(known)
    assert trial.task_options == {"records": ["100", "106"]}


def test_a_list_of_lists_gives_several_values_of_an_option_that_takes_a_list(
    study_file: Write, known: Registry
) -> None:
    trials = read(study_file(tasks='[tasks.ecg]\nrecords = [["100"], ["106", "108"]]')).trials(known)
    assert [trial.task_options["records"] for trial in trials] == [["100"], ["106", "108"]]


def test_an_option_value_given_twice_in_a_list_is_refused_like_a_length(study_file: Write, known: Registry) -> None:
    file = study_file(architectures="[architectures.lstm]\nlearning_rate = [1, 0.5, 1.0]")
    with pytest.raises(InputError, match=r"\[architectures.lstm\]: learning_rate: 1.0 is given twice"):
        read(file).trials(known)


def test_a_whole_number_for_a_float_option_gives_the_key_of_the_float(study_file: Write, known: Registry) -> None:
    keys = []
    for value in ("1", "1.0"):
        file = study_file(architectures=f"[architectures.lstm]\nlearning_rate = {value}")
        keys.append(read(file).trials(known)[0].key)
    assert keys[0] == keys[1]


def test_a_whole_number_of_seconds_gives_the_key_of_the_float(study_file: Write, known: Registry) -> None:
    keys = []
    for value in ("10", "10.0"):
        file = study_file(budgets=f'[[budgets]]\nname = "b"\nseconds = {value}')
        keys.append(read(file).trials(known)[0].key)
    assert keys[0] == keys[1]


def test_paths_of_plugins_are_relative_to_the_study(study_file: Write, tmp_path: Path) -> None:
    study = read(study_file(top='name = "main"\nlengths = [100]\nplugins = ["own/net.py"]'))
    assert study.plugins == (str(tmp_path.resolve() / "own" / "net.py"),)


def test_a_byte_order_mark_is_no_part_of_a_study(study_file: Write) -> None:
    file = study_file()
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert read(file).name == "main"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        # names that do not exist
        ({"top": 'name = "m"\nlengths = [1]\nmemory_limit = "3 potatoes"'}, ['not a size, write "3GiB", got']),
        ({"top": 'name = "m"\nlengths = [1]\nmemory_limit = 0'}, ["memory_limit: ", "greater than 0"]),
        ({"top": 'name = "m"\nlengths = [1]\nallocator = "x"'}, ["allocator: ", "'keep' or 'default'", "got 'x'"]),
        (
            {"top": 'name = "m"\nlengths = [1]\nseed = 3'},
            ["unknown key 'seed'", "did you mean 'seeds'", "lengths, memory_limit, microscope, name"],
        ),
        (
            {"budgets": '[[budgets]]\nname = "b"\nupdats = 1'},
            ["budgets", "'updats'", "mean 'updates'", "batch, epochs"],
        ),
        (
            {"tasks": "[tasks.mackey_glas]"},
            ["[tasks]", "unknown task", "mean 'mackey_glass'", "Allowed: ecg, mackey_glass"],
        ),
        ({"tasks": "[tasks.zzz]"}, ["unknown task 'zzz'. Allowed: ecg, mackey_glass"]),
        (
            {"architectures": "[architectures.LSTM]"},
            ["unknown architecture 'LSTM'", "mean 'lstm'", "Allowed: lstm, rnn"],
        ),
        ({"tasks": "[tasks.mackey_glass]\nhorizn = 3"}, ["[tasks.mackey_glass]", "'horizn'", "mean 'horizon'"]),
        (
            {"architectures": "[architectures.lstm]\nwidht = 3"},
            ["[architectures.lstm]", "'widht'", "learning_rate, mode"],
        ),
        ({"architectures": "[architectures.rnn]\nlayers = 3"}, ["unknown option 'layers'. Allowed: none"]),
        # lengths and seeds
        ({"top": 'name = "m"\nlengths = "100"'}, ["lengths: ", "array", "got '100'"]),
        ({"top": 'name = "m"\nlengths = 100'}, ["lengths: ", "array", "got 100"]),
        ({"top": 'name = "m"\nlengths = ["100"]'}, ["lengths number 1: ", "valid integer", "got '100'"]),
        ({"top": 'name = "m"\nlengths = [10, -5]'}, ["lengths number 2: ", "greater than or equal to 1", "got -5"]),
        ({"top": 'name = "m"\nlengths = [0]'}, ["lengths number 1: ", "greater than or equal to 1", "got 0"]),
        ({"top": 'name = "m"\nlengths = [1.5]'}, ["lengths number 1: ", "valid integer", "got 1.5"]),
        ({"top": 'name = "m"\nlengths = [true]'}, ["lengths number 1: ", "valid integer", "got True"]),
        ({"top": 'name = "m"\nlengths = [nan]'}, ["lengths number 1: ", "valid integer", "got nan"]),
        ({"top": 'name = "m"\nlengths = []'}, ["lengths: at least 1 needed"]),
        ({"top": 'name = "m"\nlengths = [7, 7]'}, ["lengths: 7 is given twice"]),
        ({"top": 'name = "m"\nlengths = [2020-01-01]'}, ["lengths number 1: ", "date", "2020-01-01"]),
        ({"top": 'name = "m"\nlengths = [1]\nseeds = "5"'}, ["seeds: ", "valid integer", "got '5'"]),
        ({"top": 'name = "m"\nlengths = [1]\nseeds = 0'}, ["seeds: ", "greater than or equal to 1"]),
        ({"top": 'name = "m"\nlengths = [1]\nseeds = -1'}, ["seeds: ", "greater than or equal to 1"]),
        ({"top": 'name = "m"\nlengths = [1]\nseeds = 1.5'}, ["seeds: ", "valid integer", "got 1.5"]),
        ({"top": 'name = "m"\nlengths = [1]\nseeds = true'}, ["seeds: ", "valid integer", "got True"]),
        ({"top": 'name = "m"\nlengths = [1]\nseeds = 1_000_000_000_000'}, ["seeds: ", "less than or equal to 10000"]),
        ({"top": 'name = "m"\nlengths = [1]\nseeds = 0x' + "f" * 9000}, ["digits"]),
        ({"top": 'name = "m"\nlengths = [1]\nseeds = ' + "1" * 9000}, ["digits"]),
        # the other keys of the top
        ({"top": "lengths = [1]"}, ["name: ", "required"]),
        ({"top": 'name = "../x"\nlengths = [1]'}, ["name: ", "letters, digits", "got '../x'"]),
        ({"top": 'name = "a/b"\nlengths = [1]'}, ["name: ", "letters, digits", "got 'a/b'"]),
        ({"top": 'name = ""\nlengths = [1]'}, ["name: ", "letters, digits", "got ''"]),
        ({"top": f'name = "{"x" * 2000}"\nlengths = [1]'}, ["name: ", "at most 80 characters"]),
        ({"top": "name = 2020-01-01\nlengths = [1]"}, ["name: ", "date", "2020-01-01", "quotes"]),
        ({"top": 'name = "m"\nlengths = [1]\ndevices = []'}, ["devices: at least 1 needed"]),
        ({"top": 'name = "m"\nlengths = [1]\ndevices = ["cpu", "cpu"]'}, ["devices: 'cpu' is given twice"]),
        ({"top": 'name = "m"\nlengths = [1]\ntimeout = 0'}, ["timeout: ", "greater than 0"]),
        ({"top": 'name = "m"\nlengths = [1]\ntimeout = inf'}, ["timeout: ", "finite"]),
        ({"top": 'name = "m"\nlengths = [1]\nclosed_loop = "no"'}, ["closed_loop: ", "boolean", "got 'no'"]),
        ({"top": 'name = "m"\nlengths = [1]\nclosed_loop = 0'}, ["closed_loop: ", "boolean", "got 0"]),
        ({"top": 'name = "m"\nlengths = [1]\nplugins = "net.py"'}, ["plugins: ", "array", "got 'net.py'"]),
        # budgets
        ({"budgets": ""}, ["budgets: ", "required"]),
        ({"top": 'name = "m"\nlengths = [1]\nbudgets = []', "budgets": ""}, ["budgets: at least 1 needed"]),
        ({"budgets": '[budgets]\nname = "b"\nupdates = 1'}, ["[[budgets]]"]),
        ({"budgets": '[[budgets]]\nname = "b"'}, ["budgets number 1: ", "at least one of updates, epochs, seconds"]),
        (
            {"budgets": '[[budgets]]\nname = "b"\nupdates = 1\nwidth = 1\nparameters = 1'},
            ["parameters and width are both given"],
        ),
        ({"budgets": "[[budgets]]\nupdates = 1"}, ["budgets number 1.name: ", "required"]),
        ({"budgets": '[[budgets]]\nname = "b"\nupdates = 1.0'}, ["budgets number 1.updates: ", "integer", "got 1.0"]),
        ({"budgets": '[[budgets]]\nname = "b"\nupdates = "9"'}, ["budgets number 1.updates: ", "integer", "got '9'"]),
        ({"budgets": '[[budgets]]\nname = "b"\nupdates = 0'}, ["budgets number 1.updates: ", "equal to 1", "got 0"]),
        ({"budgets": '[[budgets]]\nname = "b"\nseconds = nan'}, ["budgets number 1.seconds: ", "finite", "got nan"]),
        ({"budgets": '[[budgets]]\nname = "b"\nseconds = inf'}, ["budgets number 1.seconds: ", "finite", "got inf"]),
        ({"budgets": '[[budgets]]\nname = "b"\nseconds = -1'}, ["budgets number 1.seconds: ", "greater than 0"]),
        ({"budgets": '[[budgets]]\nname = "b"\nupdates = 1\n' * 2}, ["budgets: 'b' is given twice"]),
        (
            {"budgets": '[[budgets]]\nname = "b"\nupdates = 1\nseeds = 3'},
            ["'seeds' is a key of the study, not of a budget"],
        ),
        # tasks, architectures and their options
        ({"tasks": "[tasks]"}, ["tasks: at least 1 needed"]),
        ({"tasks": "", "top": 'name = "m"\nlengths = [1]\ntasks = [' + "1," * 900 + "]"}, ["tasks: ", "table"]),
        ({"tasks": "[tasks]\nmackey_glass = 3"}, ["tasks.mackey_glass: ", "table", "got 3"]),
        ({"tasks": '[tasks]\n"a\\nb" = 3'}, ["tasks.a b: ", "table"]),
        ({"architectures": ""}, ["architectures: ", "required"]),
        (
            {"architectures": '[architectures.lstm]\nlayers = "3"'},
            ["[architectures.lstm]: layers: ", "integer", "got '3'"],
        ),
        ({"architectures": "[architectures.lstm]\nlayers = 1.0"}, ["layers: ", "integer", "got 1.0"]),
        ({"architectures": "[architectures.lstm]\nlayers = true"}, ["layers: ", "integer", "got True"]),
        ({"architectures": "[architectures.lstm]\nlayers = 0"}, ["layers: ", "greater than or equal to 1"]),
        ({"architectures": "[architectures.lstm]\nlayers = []"}, ["layers is an empty list"]),
        ({"architectures": '[architectures.lstm]\nlayers = [1, "a"]'}, ["layers: ", "integer", "got 'a'"]),
        ({"architectures": "[architectures.lstm]\nlearning_rate = nan"}, ["learning_rate: ", "finite", "got nan"]),
        (
            {"architectures": "[architectures.lstm]\nlearning_rate = [0.1, inf]"},
            ["learning_rate: ", "finite", "got inf"],
        ),
        ({"architectures": '[architectures.lstm]\nmode = "fancy"'}, ["mode: ", "'plain' or 'peephole'", "got 'fancy'"]),
        ({"architectures": "[architectures.lstm]\nbias = 1"}, ["bias: ", "valid boolean", "got 1"]),
        ({"tasks": '[tasks.ecg]\nrecords = "100"'}, ["[tasks.ecg]: records: ", "array", "got '100'"]),
        ({"tasks": '[tasks.ecg]\nrecords = ["100", 106]'}, ["records number 2: ", "string", "got 106"]),
        ({"tasks": '[tasks.ecg]\nrecords = [["100"], [106]]'}, ["records number 1: ", "string", "got 106"]),
        ({"tasks": "[tasks.ecg]\nsource = 2020-01-01T10:00:00"}, ["tasks.ecg.source: ", "date", "quotes"]),
        # no TOML at all
        ({"top": "name = "}, ["not TOML", "line 1"]),
        ({"top": 'name = "m"\nname = "n"'}, ["not TOML", "line 2"]),
        ({"top": "x = " + "[" * 5000}, ["not TOML"]),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, dict) else "",
)
def test_a_wrong_study_is_refused_in_one_line_that_names_file_key_and_what_is_allowed(
    parts: dict[str, str], said: list[str], study_file: Write, known: Registry
) -> None:
    message = refusal(study_file(**parts), known)
    assert [text for text in said if text not in message] == [], message


def test_for_an_empty_study_the_message_lists_the_required_keys(study_file: Write, known: Registry) -> None:
    file = study_file()
    for content in ("", "# nothing but a remark\n"):
        file.write_text(content, encoding="utf-8")
        assert refusal(file, known) == ": empty; a study needs name, lengths, budgets, tasks, architectures"


def test_a_file_that_is_not_text_is_refused_with_a_message_that_says_so(study_file: Write, known: Registry) -> None:
    file = study_file()
    file.write_bytes(b"name = \xff\xfe")
    assert "not a text file" in refusal(file, known)


@given(content=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_are_always_refused_with_a_message(content: bytes, study_file: Write) -> None:
    file = study_file()
    file.write_bytes(content)
    with pytest.raises(InputError):
        read(file)


values = st.recursive(
    st.booleans() | st.integers(-(10**6), 10**6) | st.floats() | st.text(max_size=5) | st.dates() | st.times(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(key=st.sampled_from(sorted(Study.model_fields)), value=values)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_key_with_any_value_is_taken_or_refused_by_name(
    key: str, value: object, study_file: Write, known: Registry
) -> None:
    file = study_file()
    content = {"name": "m", "lengths": [1], "budgets": [{"name": "b", "updates": 1}], "tasks": {"ecg": {}}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            studies.tomllib, "loads", lambda _: {**content, "architectures": {"rnn": {}}, "seeds": 1, key: value}
        )
        try:
            read(file).trials(known, str(file))
        except InputError as error:
            message = str(error)
        else:
            return
    assert key in message
    assert "\n" not in message


def test_a_folder_is_refused_as_a_study(tmp_path: Path, known: Registry) -> None:
    assert "directory" in refusal(tmp_path, known)
    with pytest.raises(InputError, match="not a file"):
        find(str(tmp_path))


@pytest.mark.parametrize("name", ["missing.toml", "x" * 5000 + ".toml", "a\0b.toml"])
def test_a_missing_file_is_refused_with_a_message_that_says_so(name: str) -> None:
    with pytest.raises(InputError, match="no such file") as caught:
        find(name)
    assert len(str(caught.value)) < 200


def test_reading_a_missing_file_is_refused(tmp_path: Path, known: Registry) -> None:
    assert "No such file" in refusal(tmp_path / "missing.toml", known)


def test_for_an_unknown_shipped_study_the_message_gives_the_nearest_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_studies, "shipped", lambda: {"main": Path("main.toml"), "quick": Path("quick.toml")})
    with pytest.raises(InputError, match=r"unknown study 'quikc'\. Nearest of those shipped: quick, main; "):
        find("quikc")
    with pytest.raises(InputError, match=r"unknown study 'x+\.\.\.\. Nearest.* as its file, such as my_signal\.toml"):
        find("x" * 5000)


def test_a_shipped_study_is_found_by_name_and_a_file_by_path(
    monkeypatch: pytest.MonkeyPatch, study_file: Write
) -> None:
    monkeypatch.setattr(known_studies, "shipped", lambda: {"quick": Path("shipped/quick.toml")})
    assert find("quick") == Path("shipped/quick.toml")
    assert find(str(study_file())) == study_file()


def test_every_shipped_study_can_be_read_and_has_the_name_of_its_file() -> None:
    assert {name: read(file).name for name, file in shipped().items()} == {
        name: name.replace("/", "-") for name in shipped()
    }


def test_a_width_is_an_option_axis_of_every_architecture(study_file: Callable[..., Path], known: Registry) -> None:
    file = study_file(
        architectures="[architectures.rnn]\nwidth = [16, 32]\n[architectures.lstm]\nwidth = 8\nlayers = 2"
    )
    found = [(one.architecture, one.architecture_options) for one in studies.read(file).trials(known)]
    assert found == [("rnn", {"width": 16}), ("rnn", {"width": 32}), ("lstm", {"layers": 2, "width": 8})]


@pytest.mark.parametrize("width", ["0", "-3", '"16"', "[]", "[16, 0]", "1.5"])
def test_a_width_that_is_not_a_number_of_units_is_refused(
    width: str, study_file: Callable[..., Path], known: Registry
) -> None:
    file = study_file(architectures=f"[architectures.rnn]\nwidth = {width}")
    with pytest.raises(InputError, match=r"\[architectures.rnn\]: .*width"):
        studies.read(file).trials(known)


ENGINES = """
from benchbench import architecture, task

@architecture("both", version=1, engines={"torch": None, "fast": 3})
def both(setting): ...

@architecture("one", version=1)
def one(setting): ...

@task("short", version=1, lengths=(10, 20))
def short(rng, length): ...
"""


@pytest.fixture
def engines(plugin: Callable[..., Path]) -> Registry:
    module = load_file(plugin(ENGINES, "engines.py"))
    return Registry({(found.kind, found.name): found for found in registered(module)})


def engine_study(**changes: object) -> Study:
    parts: dict[str, object] = {
        "name": "m", "lengths": [10], "seeds": 1, "budgets": [{"name": "b", "updates": 1}], "tasks": {"short": {}},
        "architectures": {"both": {}, "one": {}}, **changes,
    }  # fmt: skip
    return Study.model_validate_json(json.dumps(parts))


def test_an_architecture_has_a_trial_for_each_engine_of_the_study_that_it_has(engines: Registry) -> None:
    found = engine_study(engines=["torch", "fast"]).trials(engines)
    assert [(one.architecture, one.engine) for one in found] == [("both", "torch"), ("both", "fast"), ("one", "torch")]
    assert [one.versions.get("engine") for one in found] == [None, 3, None]
    assert len({one.key for one in found}) == 3


def test_without_the_key_engines_every_architecture_runs_on_torch(engines: Registry) -> None:
    assert {one.engine for one in engine_study().trials(engines)} == {"torch"}


def test_an_engine_that_no_architecture_has_is_refused_with_the_nearest_name(engines: Registry) -> None:
    with pytest.raises(InputError, match=r"engines: unknown engine 'fats'; did you mean 'fast'\? Allowed: fast, torch"):
        engine_study(engines=["fats"]).trials(engines)


def test_a_length_that_a_task_cannot_make_is_refused(engines: Registry) -> None:
    assert len(engine_study(lengths=[10, 20]).trials(engines)) == 4
    with pytest.raises(InputError, match=r"lengths: task 'short' cannot make 30. Allowed: 10, 20"):
        engine_study(lengths=[10, 30]).trials(engines)


def test_a_label_names_a_competitor_and_is_no_option(study_file: Write, known: Registry) -> None:
    tables = '[[architectures.lstm]]\nlabel = "two, deep"\nlayers = 2\nwidth = [8, 16]\n[[architectures.lstm]]'
    found = read(study_file(architectures=tables)).trials(known)
    assert [(one.competitor, one.architecture, one.architecture_options) for one in found] == [
        ("two, deep", "lstm", {"width": 8, "layers": 2}),
        ("two, deep", "lstm", {"width": 16, "layers": 2}),
        ("", "lstm", {}),
    ]


@pytest.mark.parametrize(
    ("label", "said"), [('"lstm"', "is the name of an architecture"), ('" "', "label"), ("3", "label")]
)
def test_an_ambiguous_or_malformed_label_is_refused(study_file: Write, known: Registry, label: str, said: str) -> None:
    file = study_file(architectures=f"[architectures.lstm]\nlabel = {label}")
    with pytest.raises(InputError, match=said):
        read(file).trials(known)


def test_a_label_of_two_architectures_is_refused(study_file: Write, known: Registry) -> None:
    file = study_file(architectures='[architectures.rnn]\nlabel = "mine"\n[architectures.lstm]\nlabel = "mine"')
    with pytest.raises(
        InputError, match=r"\[architectures.lstm\]: label 'mine' is also a label of rnn; choose another"
    ):
        read(file).trials(known)
