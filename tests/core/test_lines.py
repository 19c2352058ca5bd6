"""Lines of records: a checksum reveals a change, and any other content of a file gives a message."""

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchbench.core.errors import InputError
from benchbench.core.head import Head
from benchbench.core.lines import LONGEST, LineError, Seal, headed, parsed, sealed
from benchbench.core.record import Record, Status
from benchbench.core.store import Store

Make = Callable[..., Record]
COMMITTED = sorted((Path(__file__).parents[2] / "results" / "records").glob("*/*.jsonl"))
OLDER = {"main", "chaos", "devices"}  # studies with records from before lines had a checksum


@pytest.fixture
def line(make_record: Make) -> bytes:
    return sealed(make_record(3, message="it took 0.5 s"))


def test_an_unchanged_line_has_a_valid_checksum(line: bytes, make_record: Make) -> None:
    assert parsed(line) == (make_record(3, message="it took 0.5 s"), Seal.WHOLE)


@pytest.mark.parametrize(
    "change", [(b"0.5 s", b"0.4 s"), (b'"seed":3', b'"seed": 3'), (b'"checksum":"', b'"checksum":"0')]
)
def test_a_changed_line_does_not_match_its_checksum(change: tuple[bytes, bytes], line: bytes) -> None:
    assert parsed(line.replace(*change))[1] == Seal.CHANGED


def test_a_line_that_lost_its_checksum_counts_as_changed(line: bytes) -> None:
    content = json.loads(line)
    del content["checksum"]
    assert parsed(json.dumps(content).encode())[1] == Seal.CHANGED


@pytest.mark.parametrize("schema", [1, 2])
def test_a_line_from_before_checksums_counts_as_one_without(schema: int, line: bytes) -> None:
    content = json.loads(line)
    del content["checksum"]
    assert parsed(json.dumps({**content, "schema": schema}).encode())[1] == Seal.NONE


def same_facts(head: Head, record: Record) -> bool:
    around = ("machine", "jobs", "threads", "allocator")
    return (
        (head.trial, head.status, head.files, head.kept_name, head.artifact_name, head.artifact is None)
        == (record.trial, record.status, record.files, record.kept_name, record.artifact_name, record.artifact is None)
    ) and all(getattr(head.environment, name) == getattr(record.environment, name) for name in around)


@pytest.mark.parametrize("change", [b"0.5 s", b"0.4 s"])
def test_a_head_has_the_facts_of_its_record_also_where_the_line_was_changed(
    change: bytes, line: bytes, make_record: Make
) -> None:
    changed = line.replace(b"0.5 s", change)
    assert same_facts(headed(changed), parsed(changed)[0])


@pytest.mark.parametrize("file", COMMITTED, ids=lambda file: file.parent.name)
def test_the_heads_of_committed_lines_have_the_facts_of_their_records(file: Path) -> None:
    with file.open("rb") as lines:
        some = [line.strip() for line, _ in zip(lines, range(5), strict=False)]
    assert some
    assert all(same_facts(headed(line), parsed(line)[0]) for line in some)


@pytest.mark.parametrize("name", ["objective", "samples", "schema", '","objective":{"'])
def test_options_and_messages_that_look_like_the_rest_of_a_line_do_not_cut_its_head(
    name: str, make_record: Make
) -> None:
    record = make_record(3, message=f'it said ,"{name}":{{')
    trial = record.trial.model_copy(update={"task_options": {name: {"a": 1, name: {}}}})
    line = sealed(record.model_copy(update={"trial": trial}))
    assert same_facts(headed(line), parsed(line)[0])
    assert headed(line).trial.key == trial.key


def test_the_head_of_a_line_is_read_without_the_rest_of_it(line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchbench.core.lines.parsed", None)
    assert headed(line).trial.seed == 3


def test_reading_the_head_of_a_line_that_is_not_a_record_gives_the_same_message(line: bytes) -> None:
    for wrong in (line.replace(b'"schema":3', b'"schema":4'), line[:50], b"{}"):
        with pytest.raises(LineError) as whole:
            parsed(wrong)
        with pytest.raises(LineError) as head:
            headed(wrong)
        assert str(head.value) == str(whole.value)


@pytest.mark.parametrize("schema", [0, -1, 4, 10**30, "3", None, 3.0, True])
def test_a_schema_that_is_not_known_is_refused_before_anything_else(schema: object, line: bytes) -> None:
    changed = {"what_is_new": 1, **json.loads(line), "schema": schema}
    with pytest.raises(LineError, match=r"^schema: "):
        parsed(json.dumps(changed).encode())


def test_a_newer_schema_is_refused_with_a_message_that_says_so(line: bytes) -> None:
    with pytest.raises(LineError, match=r"reads the schemas 1 to 3, not 4 \(a newer benchbench wrote this one\)"):
        parsed(line.replace(b'"schema":3', b'"schema":4'))


def test_a_line_without_its_schema_is_refused(line: bytes) -> None:
    with pytest.raises(LineError, match="schema: required, but missing"):
        parsed(line.replace(b'"schema":3,', b""))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("environment.cores", "2"),
        ("environment.cores", 2**70),
        ("environment.machine", "../../etc"),
        ("environment.yardstick", {"cpu": {"gemm_gflops": "fast"}}),
        ("environment.pinned", [0, "1"]),
        ("environment.dirty", "no"),
        ("trial.length", 10**30),
        ("trial.seed", -1),
        ("trial.task_options", {"noise": float("nan")}),
        ("spent.width", 10**400),
        ("data.test", "800"),
        ("data.fingerprint", 12),
        ("scores.test_mse", "0.1"),
        ("files.task", 1),
    ],
)
def test_the_message_on_a_nested_value_of_a_wrong_type_names_its_key(key: str, value: object, line: bytes) -> None:
    content = json.loads(line)
    *parents, last = key.split(".")
    place = content
    for parent in parents:
        place = place[parent]
    place[last] = value
    with pytest.raises(LineError, match=rf"^{parents[0]}[.:]"):
        parsed(json.dumps(content).encode())


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.parent.name)
def test_the_committed_lines_can_be_read_and_match_their_checksums(path: Path) -> None:
    lines = list(Store(path).lines())
    assert len(lines) == sum(1 for _ in path.open("rb"))
    assert {line.seal for line in lines} == {Seal.NONE if path.parent.name in OLDER else Seal.WHOLE}


def test_any_json_in_a_file_is_a_record_or_an_error_that_names_file_and_line(tmp_path: Path) -> None:
    rng, file = random.Random(0), tmp_path / "m.jsonl"  # noqa: S311  no secret
    lines = [line for path in COMMITTED for line in path.read_bytes().splitlines()[:20]]
    refused = 0
    for _ in range(300):
        content = json.loads(rng.choice(lines))
        for _ in range(rng.choice([1, 1, 3])):
            _mutate(content, rng)
        file.write_text(f"{json.dumps(content)}\n")
        said = _said(Store(file))
        refused += bool(said)
        assert not said or said.startswith(f"{file}:1: not a record: ")
        assert "\n" not in said
    assert 100 < refused < 300


def _said(store: Store) -> str:
    """The message about a record; empty where it is one, which then can be written again."""
    try:
        [found] = store.records()
    except InputError as error:
        return str(error)
    again, seal = parsed(sealed(found))
    assert (again.trial.key, again.model_dump_json(), seal) == (found.trial.key, found.model_dump_json(), Seal.WHOLE)
    return ""


def _mutate(content: dict[str, object], rng: random.Random) -> None:
    place: object = content
    while True:
        assert isinstance(place, (dict, list))
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = rng.choice(keys)
        inner = place[key]
        if not isinstance(inner, (dict, list)) or not inner or rng.random() < 0.2:
            break
        place = inner
    values = (None, True, -1, 2**70, 1e300, "", "é\u202e\x00", [], [1], {}, {"a": 1}, float("nan"), inner)
    if rng.random() < 0.2:
        del place[key]
    else:
        place[key] = rng.choice(values)


def test_a_last_line_of_complete_json_that_is_not_a_record_is_never_cut_off(
    line: bytes, tmp_path: Path, make_record: Make
) -> None:
    store = Store(tmp_path / "m.jsonl")
    store.append(make_record(0))
    newer = line.replace(b'"status":"ok"', b'"status":"ok","unheard_of":1')
    content = store.path.read_bytes() + newer
    store.path.write_bytes(content)
    with pytest.raises(InputError, match=r"m\.jsonl:2: not a record: unheard_of: "):
        list(store.records())
    with pytest.raises(InputError, match=r"the last line is not a record: unheard_of: "):
        store.append(make_record(1))
    assert store.path.read_bytes() == content


def test_a_line_of_a_hundred_megabytes_is_refused_without_being_read(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "m.jsonl"
    with file.open("wb") as stream:
        stream.write(line + b"\n" + line[:-1])
        for _ in range(100):
            stream.write(b"[],[" * 250_000)
    found = Store(file).lines()
    assert next(found).number == 1
    with pytest.raises(InputError, match=r":2: not a record: it is longer than 2,097,152 bytes"):
        next(found)
    assert file.stat().st_size > 1e8


def test_a_record_that_is_too_long_for_a_line_keeps_fewer_points_of_its_curve(
    tmp_path: Path, make_record: Make
) -> None:
    curve = [(i, i * 0.1, 1 / (i + 1), None) for i in range(100_001)]
    store = Store(tmp_path / "m.jsonl")
    written = store.append(make_record().model_copy(update={"curve": curve}))
    assert list(store.records()) == [written]
    assert written.status == Status.OK
    assert written.message == "of the 100,001 points of the learning curve, 1,000 or fewer are kept"
    assert 900 < len(written.curve) <= 1_000
    assert written.curve[-1] == curve[-1]


@pytest.mark.parametrize("message", ["a" * LONGEST, "half a character \ud800"])
def test_a_record_that_no_line_can_hold_is_replaced_by_a_failure(
    message: str, tmp_path: Path, make_record: Make
) -> None:
    store = Store(tmp_path / "m.jsonl")
    written = store.append(make_record(5, message=message))
    assert list(store.records()) == [written]
    assert written.trial.seed == 5
    assert written.status == Status.FAILED
    assert written.message.startswith("the record cannot be written: ")


HOSTILE = {
    "numbers": ('"curve":[', "0", 100_000_000),
    "arrays": ('"curve":[', "[]", 2_000_000),
    "objects": ('"samples":{', '"":{}', 2_000_000),
    "nesting": ('"data":{', '"a":' + "[" * 150 + "]" * 150, 2_000_000),
    "keys": ('"spent":{', '"a":0', 2_000_000),
    "wrong": ('"scores":{', '"a":""', 2_000_000),
}


@pytest.mark.attacks
@pytest.mark.parametrize("kind", HOSTILE)
def test_reading_a_hostile_line_takes_less_than_a_gigabyte(kind: str, tmp_path: Path, line: bytes) -> None:
    opening, item, size = HOSTILE[kind]
    empty = line.replace(b'"spent":{' + line.partition(b'"spent":{')[2].partition(b"}")[0], b'"spent":{')
    head, _, rest = empty.partition(opening.encode())
    assert rest[:1] in {b"]", b"}"}
    file = tmp_path / "m.jsonl"
    with file.open("wb") as stream:
        stream.write(head + opening.encode() + item.encode())
        for _ in range(100):
            stream.write(f",{item}".encode() * (size // (len(item) + 1) // 100))
        stream.write(rest)
    code = (
        "import sys; from pathlib import Path; from benchbench.core.store import Store\n"
        "try: list(Store(Path(sys.argv[1])).records())\n"
        "except ValueError as error: print(str(error)[:500])\n"
        "print(next(row.split()[1] for row in open('/proc/self/status') if row.startswith('VmHWM')))"
    )
    done = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True, check=True)
    *said, peak = done.stdout.splitlines()
    assert all(text.startswith(f"{file}:1: not a record: ") and "JSON" not in text for text in said)
    assert len(said) == (kind != "nesting")  # a line with deep nesting is a record, although a strange one
    assert int(peak) < 2**20  # kB
