import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchbench.core import registry
from benchbench.core.errors import InputError, unknown
from benchbench.core.registry import Registry, architecture, load, load_file, registered, task

Write = Callable[..., Path]

NET = """
from benchbench import architecture

@architecture({name!r}, version={version})
def net(setting, *, layers: int = 1):
    '''A net.

    More about it.
    '''
"""


def net(name: str = "net", version: int = 1) -> str:
    return NET.format(name=name, version=version)


def refusal(file: str | Path) -> str:
    with pytest.raises(InputError) as caught:
        load_file(file)
    message = str(caught.value)
    assert repr(str(file)) in message or len(str(file)) > 80, "the message names the file"
    assert "\n" not in message
    assert len(message) < 400
    return message


def test_a_plug_in_file_registers_its_function(plugin: Write) -> None:
    path = plugin(net("own", 3))
    (found,) = registered(load_file(path))
    assert (found.kind, found.name, found.version) == ("architecture", "own", 3)
    assert found.place == f"{path}:4"
    assert found.summary == "A net."
    assert list(found.options.model_fields) == ["layers"]


def test_a_function_without_docstring_is_summed_up_by_its_module(plugin: Write) -> None:
    path = plugin('"""A sine."""\nfrom benchbench import task\n@task("sine", version=1)\ndef sine(rng, length): ...\n')
    assert registered(load_file(path))[0].summary == "A sine."


def test_the_same_file_is_imported_once(plugin: Write, tmp_path: Path) -> None:
    path = plugin(net())
    assert load_file(path) is load_file(str(tmp_path / "." / "plugin.py"))


def test_a_file_that_changes_twice_within_a_second_is_read_anew(plugin: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    versions = []
    for version in (1, 2):
        path = plugin(net(version=version))
        os.utime(path, (0, 0))
        module = load_file(path)
        versions.append(registered(module)[0].version)
        del sys.modules[module.__name__]
    assert versions == [1, 2]
    assert not list(path.parent.rglob("*.pyc"))


def test_files_of_the_same_name_in_two_folders_are_two_plug_ins(plugin: Write) -> None:
    first, second = load_file(plugin(net("first"), "a/net.py")), load_file(plugin(net("second"), "b/net.py"))
    assert [registered(module)[0].name for module in (first, second)] == ["first", "second"]


def test_plug_ins_that_a_file_imports_from_another_do_not_count(plugin: Write, no_shipped: None) -> None:
    first = plugin(net("first"), "first.py")
    name = load_file(first).__name__
    second = plugin(f"from {name} import net as other\n{net('second')}", "second.py")
    assert [found.name for found in registered(load_file(second))] == ["second"]
    assert load([first, second]).names("architecture") == ["first", "second"]


def test_a_function_may_have_a_decorator_from_elsewhere(plugin: Write) -> None:
    path = plugin(
        """
        from contextlib import contextmanager
        from benchbench import architecture

        @architecture("wrapped", version=1)
        @contextmanager
        def wrapped(setting, *, layers: int = 1): ...
        """
    )
    (found,) = registered(load_file(path))
    assert found.place.startswith(f"{path}:")
    assert list(found.options.model_fields) == ["layers"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n\ndef broken(:\n", "cannot be imported, line 3: SyntaxError: invalid syntax"),
        ("\n\nimport a_module_that_is_not_there\n", "line 3: ModuleNotFoundError: No module named"),
        ("from benchbench import nonsense\n", "line 1: ImportError: cannot import name 'nonsense'"),
        ("\nraise SystemExit(3)\n", "line 2: SystemExit: 3"),
        ("raise ValueError('one\\ntwo')\n", "line 1: ValueError: one two"),
        ("", "registers nothing: it needs a function under @architecture or @task"),
        ("def net(setting): ...\n", "registers nothing"),
        ("from benchbench import architecture\n@architecture\ndef net(setting): ...\n", "TypeError: architecture()"),
        (net("two words"), "architecture name 'two words': letters, digits, '_', '.', '-' only"),
        (net("../net"), "architecture name '../net'"),
        (net(""), "architecture name ''"),
        (net("x" * 81), "at most 80"),
        (net("net", 0), "architecture 'net': version must be a whole number from 1, not 0"),
        (net("net", "1.5"), "version must be a whole number from 1, not 1.5"),
        (net("net", "True"), "version must be a whole number from 1, not True"),
        (net().replace("int = 1", "int"), "line 4: net: option 'layers' needs an annotation and a default"),
        (
            net().replace("def net(setting, *, layers: int = 1)", "class Net"),
            "it must decorate a function",
        ),
    ],
)
def test_a_broken_plug_in_is_refused_each_time_with_its_reason(text: str, said: str, plugin: Write) -> None:
    path = plugin(text)
    for _ in range(2):
        assert said in refusal(path)
    assert not [name for name, module in sys.modules.items() if getattr(module, "__file__", None) == str(path)]


def test_a_missing_plug_in_file_is_refused_with_a_message_that_says_so(tmp_path: Path) -> None:
    for missing in (tmp_path / "missing.py", tmp_path, "a\0b.py", "x" * 5000 + ".py"):
        assert "no such file" in refusal(missing)


def test_a_file_that_is_not_python_is_refused_with_a_message_that_says_so(plugin: Write) -> None:
    assert "not a Python file (.py)" in refusal(plugin(net(), "net.toml"))


@given(content=st.binary(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_random_bytes_are_never_a_plug_in(content: bytes, plugin: Write) -> None:
    refusal(plugin(b"(" + content + b"\n"))  # the open bracket keeps chance from writing a program


def test_a_name_in_two_files_is_an_error_that_names_both_places(plugin: Write, no_shipped: None) -> None:
    first, second = plugin(net("net"), "first.py"), plugin(net("net"), "second.py")
    with pytest.raises(InputError) as caught:
        load([first, second])
    assert str(caught.value) == f"architecture 'net' is defined twice: {first}:4 and {second}:4; rename one"


def test_a_name_twice_in_one_file_is_an_error_that_names_both_lines(plugin: Write, no_shipped: None) -> None:
    path = plugin(net() + net())
    with pytest.raises(InputError) as caught:
        load([path])
    assert str(caught.value) == f"architecture 'net' is defined twice: {path}:4 and {path}:13; rename one"


def test_a_plug_in_cannot_take_a_shipped_name(plugin: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = plugin(net("gru"), "shipped.py"), plugin(net("gru"), "own.py")
    monkeypatch.setattr(registry, "shipped", lambda: iter([load_file(ours)]))
    with pytest.raises(InputError) as caught:
        load([theirs])
    assert str(ours) in str(caught.value)
    assert str(theirs) in str(caught.value)


def test_a_task_and_an_architecture_may_share_a_name(plugin: Write, no_shipped: None) -> None:
    path = plugin(
        f"{net('same')}\nfrom benchbench import task\n@task('same', version=1)\ndef exercise(rng, length): ..."
    )
    loaded = load([path])
    assert (loaded.names("architecture"), loaded.names("task")) == (["same"], ["same"])


def test_the_same_file_twice_is_no_duplicate(plugin: Write, no_shipped: None) -> None:
    path = plugin(net())
    assert load([path, str(path)]).names("architecture") == ["net"]


def test_for_an_entry_point_that_cannot_be_loaded_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        name, value = "theirs", "their.module"

        def load(self) -> None:
            raise ModuleNotFoundError("No module named 'their'")

    monkeypatch.setattr(registry, "shipped", lambda: iter(()))
    monkeypatch.setattr(registry, "entry_points", lambda group: [Point()])
    with pytest.raises(InputError, match=r"entry point 'theirs' \(their.module\) cannot be loaded: No module"):
        load()


def test_an_entry_point_may_name_a_module_or_a_function(plugin: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    modules = [load_file(plugin(net("first"), "first.py")), load_file(plugin(net("second"), "second.py"))]

    class Point:
        value = ""

        def __init__(self, name: str, loaded: object) -> None:
            self.name, self.loaded = name, loaded

        def load(self) -> object:
            return self.loaded

    points = [Point("a", modules[0]), Point("b", modules[1].net)]
    monkeypatch.setattr(registry, "shipped", lambda: iter(()))
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    assert load().names("architecture") == ["first", "second"]


def test_a_registry_cannot_be_changed(no_shipped: None) -> None:
    with pytest.raises(TypeError):
        load().plugins["task", "x"] = None


def test_for_an_unknown_name_the_message_gives_the_nearest_one(known: Registry) -> None:
    with pytest.raises(InputError, match=r"here: unknown task 'egc'; did you mean 'ecg'\? Allowed: ecg, mackey_glass"):
        known.get("task", "egc", where="here")


def test_the_message_of_an_empty_registry_says_that_no_name_is_allowed() -> None:
    with pytest.raises(InputError, match=r"unknown task 'x'\. Allowed: none"):
        Registry().get("task", "x")


def test_the_nearest_name_is_found_whatever_the_case() -> None:
    assert "did you mean 'lstm'" in str(unknown("architecture", "LSTM", ["lstm", "gru"]))
    assert "did you mean 'ESN'" in str(unknown("architecture", "esn", ["ESN", "gru"]))


def test_a_decorator_gives_the_function_back_unchanged() -> None:
    def exercise(rng: object, length: int, *, noise: float = 0.0) -> str:
        return "made"

    def own(setting: object) -> str:
        return "built"

    globals_before = set(globals())
    try:
        assert task("made_up", version=1)(exercise) is exercise
        assert architecture("made_up", version=1)(own) is own
    finally:
        for name in set(globals()) - globals_before:
            del globals()[name]
