"""Files of signals made to be misread: what is written comes back the same, or is refused with the reason."""

import csv
import gzip
import io
import re
import struct
import wave

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.io import wavfile

from benchbench.core.errors import InputError
from benchbench.signals.files.read import READERS, read
from benchbench.signals.files.table import Form, missing
from benchbench.signals.files.text import read_text

SIGNAL = np.random.default_rng(0).standard_normal(300)
REFUSED = re.compile(
    "two readings fit: .* which reads .*, and .* which reads .*; say|two readings fit: .* (the first row|in column)|"
    "two readings are likely|no separator and decimal"
)


def number(value, decimal):
    return repr(value).replace(".", decimal)


NUMBERS = st.one_of(
    st.integers(-(10**6), 10**6),
    st.floats(-1e9, 1e9, allow_subnormal=False),
    st.sampled_from([1e-300, 1e300, 0.1, -0.0, 5, 1e5, 2.5e-7]),
)
WORDS = st.from_regex(r"[A-Za-zäµ°][A-Za-z0-9äµ° .:/-]{0,8}[a-z]", fullmatch=True).filter(
    lambda word: not missing(word) and not re.match("inf", word, re.IGNORECASE)
)
DAYS = st.sampled_from(["2024-01-01", "2024-01-01 00:00:00", "01.02.2024", "12:30", "v1.2.3"])
QUOTED = st.text(alphabet='ab1,;|\t" .#', min_size=1, max_size=8).map(lambda text: f"x{text}y")


@st.composite
def tables(draw):
    """Columns of numbers and of texts, a header or none, and how the table is written."""
    rows, quoted = draw(st.integers(2, 7)), draw(st.booleans())
    texts = st.one_of(WORDS, DAYS, *([QUOTED] if quoted else []))
    gaps = st.one_of(NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["nan", "NA", "NaN"]))
    kinds = draw(st.lists(st.sampled_from([NUMBERS, NUMBERS, gaps, texts]), max_size=3))
    columns = [draw(st.lists(kind, min_size=rows, max_size=rows)) for kind in kinds]
    place = draw(st.integers(0, len(columns)))
    columns.insert(place, draw(st.lists(NUMBERS, min_size=rows, max_size=rows)))
    labels = draw(st.lists(WORDS, min_size=len(columns), max_size=len(columns)))
    separator = draw(st.sampled_from([",", ";", "\t", "|", " "]))
    return {
        "columns": columns,
        "header": draw(st.sampled_from([labels, None])),
        "separator": separator,
        "decimal": draw(st.sampled_from([".", ","])),
        "quoting": csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
        "ending": draw(st.sampled_from(["\n", "\r\n", "\r"])),
    }


def written(table):
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=table["separator"], quoting=table["quoting"], lineterminator=table["ending"])
    if table["header"]:
        writer.writerow(table["header"])
    for row in zip(*table["columns"], strict=True):
        writer.writerow([cell if isinstance(cell, str) else number(cell, table["decimal"]) for cell in row])
    return stream.getvalue()


def assert_same(found, table):
    columns = table["columns"]
    labels = table["header"] or [str(i) for i in range(len(columns))]
    assert list(found.labels) == [label.strip() for label in labels]
    assert found.numbers.shape == (len(columns[0]), len(columns))
    for i, column in enumerate(columns):
        for j, cell in enumerate(column):
            if isinstance(cell, str):
                assert np.isnan(found.numbers[j, i])
                assert missing(cell) or str(found.raw(j, i)).strip() == cell.strip()
            else:
                assert found.numbers[j, i] == float(cell)


def reads_back_or_refuses(table, encoding):
    content = written(table).encode(encoding)
    own = None if encoding in {"utf-8", "utf-8-sig", "utf-16", "utf-32"} else encoding
    if table["separator"] != table["decimal"] or '"' in written(table):
        named = table["header"] is not None
        told = Form(separator=table["separator"], decimal=table["decimal"], encoding=own, header=named)
        assert_same(read_text(content, told), table)
    for form in (Form(encoding=own), Form()):
        try:
            found = read_text(content, form)
        except InputError as refusal:
            said = str(refusal)
        else:
            assert_same(found, table)
            continue
        undecoded = form.encoding is None and "give the option encoding" in said
        assert undecoded or REFUSED.search(said), said


ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "cp1252", "latin-1", "mac_roman"])


@settings(max_examples=100, deadline=None)
@given(tables(), ENCODINGS)
def test_any_table_is_read_back_equal_or_refused_with_its_readings_shown(table, encoding):
    reads_back_or_refuses(table, encoding)


@pytest.mark.attacks
@settings(max_examples=600, deadline=None)
@given(tables(), ENCODINGS)
def test_hundreds_of_tables_are_read_back_equal_or_refused(table, encoding):
    reads_back_or_refuses(table, encoding)


@settings(max_examples=60, deadline=None)
@given(tables(), st.sampled_from(["#", "%", "//"]), st.text(alphabet="abc,;1.5 ", max_size=9), st.data())
def test_lines_of_comment_change_nothing_at_any_place(table, sign, said, data):
    assume(sign not in written(table))
    lines = written(table | {"ending": "\n"}).split("\n")
    for _ in range(3):
        lines.insert(data.draw(st.integers(0, len(lines))), f"{sign}{said}")
    named = table["header"] is not None
    form = Form(separator=table["separator"], decimal=table["decimal"], comment=sign, header=named)
    assume(table["separator"] != table["decimal"])
    assert_same(read_text("\n".join(lines).encode(), form), table)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("12;3,57\n13;4,21\n", [[12, 3.57], [13, 4.21]]),
        ("12;3,57\n", [[12, 3.57]]),
        ("x\n3,57\n4\n", [[3.57], [4]]),
        ("a,b\n1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("1, 2.5\n3, 4.5\n", [[1, 2.5], [3, 4.5]]),
        ("1,5 2,7\n1 2,8\n", [[1.5, 2.7], [1, 2.8]]),
        ('"1,5","2,7"\n"1,6","3"\n', [[1.5, 2.7], [1.6, 3]]),
        ("sep=;\n1;2,5\n", [[1, 2.5]]),
        ("1;1.234\n2;2.345\n", [[1, 1.234], [2, 2.345]]),
        ("\n\n1\t2\r\n3\t4\n\n", [[1, 2], [3, 4]]),
        ("1|2,5\n3|4\n;;\n", [[1, 2.5], [3, 4]]),
        ("time,50,100\n0,1.5,2.5\n1,3.5,4.5\n", [[0, 1.5, 2.5], [1, 3.5, 4.5]]),
        ("1.004\n0.998\n3.120\n", [[1.004], [0.998], [3.12]]),
        ("0;1\n2;3\n", [[0, 1], [2, 3]]),
    ],
)
def test_the_only_reading_that_fits_a_text_is_found(text, numbers):
    np.testing.assert_array_equal(read_text(text.encode(), Form()).numbers, numbers)


@pytest.mark.parametrize(
    ("text", "form", "said"),
    [
        ("3,57\n4,21\n", {}, "two readings fit: .*',', which reads '3.57', and separator ',' .* which reads '3 | 57'"),
        ("1,2\n3,4\n5\n", {}, "two readings are likely: .* which reads '1.2', and separator ',' .* line 3 has 1 cell"),
        ("a,b\n1,2\n3,4\n5\n", {}, "no separator and decimal sign fit: .* line 4 has 1 cell, line 1 has 2"),
        ("a 1,5\nb 2,5\n", {}, r"two readings fit: .* 'a 1 \| 5', .* 'a \| 1.5'"),
        (
            ",0\n0,1.5\n1,2.25\n",
            {},
            r"two readings fit: line 1 \( \| 0\) may be the first row or .* with the option header",
        ),
        ("0\n1.5\n2.25\n", {}, r"two readings fit: line 1 \(0\) may be the first row"),
        ('t;x\n1;"993"\n2;"1.004"\n3;"976"\n', {}, "'1.004' in column 'x' may have decimals, or be 1004; give decimal"),
        ('t,x\n1,993\n2,"1,004"\n', {}, "'1,004' in column 'x' may have decimals, or be 1004; give decimal"),
        ("note;x\nHello, world;1.5\n", {}, "'Hello, world' would be one cell"),
        ("1;1,5\n2;2.5\n", {}, "would be one cell"),
        ("# t x\n1 2\n3 4\n", {}, "or give comment = '#' if that line is one"),
        ("1\n2\n", {"separator": ";;"}, "separator: ';;' must be a single character"),
        ("1\n2\n", {"separator": "e"}, "separator: 'e' can be part of numbers"),
        ("1\n2\n", {"comment": "-"}, "comment: '-' can be part of numbers"),
        ("1,2\n", {"separator": ",", "decimal": ","}, "both ',', so the numbers must be in quotes"),
        ("1\n2\n", {"encoding": "klingon"}, "unknown encoding: klingon; known ones are utf-8"),
        ("1\n2\n", {"encoding": "rot13"}, "encoding: 'rot13' is not a text encoding"),
    ],
)
def test_a_text_file_with_two_readings_or_none_is_refused_with_the_readings(text, form, said):
    with pytest.raises(InputError, match=said):
        read_text(text.encode(), Form(**form))


@pytest.mark.parametrize(("header", "numbers"), [(True, [[1.5], [2.25]]), (False, [[0], [1.5], [2.25]])])
def test_the_option_header_says_whether_the_first_line_has_names(header, numbers):
    np.testing.assert_array_equal(read_text(b"0\n1.5\n2.25\n", Form(header=header)).numbers, numbers)


def test_a_number_with_three_decimals_among_whole_ones_is_read_with_a_given_sign():
    assert read_text(b"x\n993\n1.004\n", Form(decimal=".")).numbers.ravel().tolist() == [993, 1.004]


def test_the_message_on_a_text_of_another_encoding_asks_for_the_encoding():
    text = "Spannung µV;x\n1,5;2\n"
    with pytest.raises(InputError, match='give the option encoding, such as "cp1252"'):
        read_text(text.encode("cp1252"), Form())
    with pytest.raises(
        InputError, match='null characters, as UTF-16 does; give the option encoding, such as "utf-16-le"'
    ):
        read_text("x\n1\n".encode("utf-16-be"), Form())
    assert read_text(text.encode("cp1252"), Form(encoding="cp1252")).labels == ("Spannung µV", "x")


def saved(**arrays):
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def sound(samples=SIGNAL, rate=250):
    stream = io.BytesIO()
    wavfile.write(stream, rate, samples.astype(np.float32))
    return stream.getvalue()


def pyarrow_file(kind):
    stream = io.BytesIO()
    getattr(pd.DataFrame({"x": SIGNAL}), f"to_{kind}")(stream)
    return stream.getvalue()


FILES = {
    "a.npy": npy(SIGNAL),
    "a.npz": saved(x=SIGNAL),
    "a.wav": sound(),
    "a.parquet": pyarrow_file("parquet"),
    "a.feather": pyarrow_file("feather"),
    "a.csv": "\n".join(map(repr, SIGNAL.tolist())).encode(),
}
FILES |= {f"{name}.gz": gzip.compress(content) for name, content in FILES.items()}


def signal(folder, name, content, **form):
    (folder / name).write_bytes(content)
    table = read(str(folder / name), Form(**form), "series")
    return table.values(table.position(None))


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_file_gives_the_signal_and_a_file_that_is_cut_off_is_refused(tmp_path, name):
    found = signal(tmp_path, name, FILES[name])
    np.testing.assert_allclose(found, SIGNAL, rtol=1e-6 if "wav" in name else 0)
    if name == "a.csv":
        return  # a text may end anywhere
    whole = len(FILES[name])
    for stop in {*range(1, whole, whole // 40), whole - 1, whole - 3}:
        try:
            short = signal(tmp_path, name, FILES[name][:stop])
        except InputError:
            continue
        assert len(short) == len(SIGNAL), stop  # all of it was there: what is cut off was not part of the samples


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from([*READERS]),
    content=st.binary(min_size=1, max_size=60),
    packed=st.booleans(),
    head=st.booleans(),
)
def test_a_file_of_rubbish_is_refused_with_a_message(tmp_path_factory, kind, content, packed, head):
    folder = tmp_path_factory.getbasetemp()
    begun = FILES[f"a{kind if kind not in {'.tsv', '.txt'} else '.csv'}"][:20] if head else b""
    name = f"a{kind}{'.gz' if packed else ''}"
    content = gzip.compress(begun + content) if packed else begun + content
    try:
        said = f"{name} was read: {signal(folder, name, content)}"  # a few bytes may make a text table
    except InputError as refusal:
        said = str(refusal)
    assert said.startswith(name)


def test_an_array_that_claims_more_memory_than_there_is_is_refused(tmp_path):
    stream = io.BytesIO()
    claimed = {"descr": "<f8", "fortran_order": False, "shape": (10**13,)}
    np.lib.format.write_array_header_1_0(stream, claimed)
    with pytest.raises(InputError, match=r"a\.npy cannot be read as \.npy: Unable to allocate"):
        signal(tmp_path, "a.npy", stream.getvalue() + bytes(80))


def test_one_of_several_arrays_is_taken_by_its_name(tmp_path):
    both = saved(ecg=SIGNAL, time=np.arange(300.0))
    np.testing.assert_array_equal(signal(tmp_path, "a.npz", both, array="ecg"), SIGNAL)
    for form, said in (
        ({}, "holds 2 arrays; name one with the option array: ecg, time"),
        ({"array": "egg"}, "unknown array 'egg'; did you mean 'ecg'"),
    ):
        with pytest.raises(InputError, match=said):
            signal(tmp_path, "a.npz", both, **form)
    objects = io.BytesIO()
    np.savez(objects, x=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="Object arrays cannot be loaded"):
        signal(tmp_path, "a.npz", objects.getvalue())


@pytest.mark.parametrize("transposed", [SIGNAL[None], np.stack([SIGNAL, SIGNAL, SIGNAL])])
def test_the_message_on_a_transposed_array_has_a_hint(tmp_path, transposed):
    hint = rf"the array is {len(transposed)} x 300, and its first axis must be time: save array.T"
    for name, content in (("a.npy", npy(transposed)), ("a.npz", saved(x=transposed))):
        with pytest.raises(InputError, match=hint):
            signal(tmp_path, name, content)


def test_an_option_of_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"series: the option separator is only for a text file, which a\.npy is not"):
        signal(tmp_path, "a.npy", npy(SIGNAL), separator=";")
    with pytest.raises(InputError, match=r"series: the option array is only for an NPZ file, which a\.csv\.gz is not"):
        signal(tmp_path, "a.csv.gz", FILES["a.csv.gz"], array="x")


@pytest.mark.parametrize("missing_bytes", [1, 2, 600])
def test_a_sound_shorter_than_its_header_says_is_refused(tmp_path, missing_bytes):
    with pytest.raises(InputError, match=r"says that it has 1,\d{3} bytes, but it has [\d,]+: it is cut off"):
        signal(tmp_path, "a.wav", sound()[:-missing_bytes])


def test_sounds_of_other_kinds_are_read_and_their_rate_is_kept(tmp_path):
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1), file.setsampwidth(3), file.setframerate(360)
        file.writeframes(b"".join(struct.pack("<i", int(1e6 * value))[:3] for value in SIGNAL))
    content = stream.getvalue()
    note = content[:36] + b"LIST" + struct.pack("<I", 4) + b"note" + content[36:]
    note = note[:4] + struct.pack("<I", len(note) - 8) + note[8:]
    for one in (content, note):
        found = signal(tmp_path, "a.wav", one)
        np.testing.assert_allclose(found / 256e6, SIGNAL, atol=1e-5)
    assert read(str(tmp_path / "a.wav"), Form(), "series").facts["rate_hz"] == 360


def test_feather_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    def without(*_, **__):
        raise ImportError("Missing optional dependency 'pyarrow'")

    monkeypatch.setattr(pd, "read_feather", without)
    with pytest.raises(InputError, match="reading it needs pyarrow: pip install pyarrow"):
        signal(tmp_path, "a.feather", FILES["a.feather"])


def test_the_home_folder_of_an_unknown_user_is_refused_with_a_message():
    with pytest.raises(InputError, match=r"series: path '~nobody-here/x\.csv': there is no user '~nobody-here'; write"):
        read("~nobody-here/x.csv", Form(), "series")
