"""Records of PhysioNet: the places of their files, and records that are of the same patient."""

import io
import os
from contextlib import redirect_stdout, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError
from urllib.request import urlopen

from benchbench.core.cache import cache_folder
from benchbench.core.errors import InputError, unknown
from benchbench.signals.files.read import expanded

TRAIN = ("106", "108", "114", "116", "119")
TEST = ("100", "105", "121")
SAME_PATIENT = {"100s": "100", "202": "201"}
PHYSIONET = "https://physionet.org/files/"


def require_distinct(records: tuple[str, ...]) -> None:
    """Raise InputError where two records are of the same patient."""
    patients = [SAME_PATIENT.get(record, record) for record in records]
    for i, patient in enumerate(patients):
        if patient in patients[:i]:
            both = f"{records[patients.index(patient)]!r} and {records[i]!r}"
            raise InputError(
                f"ecg: records and test_records: {both} are of the same patient, so the test would be of a known "
                "patient; leave one out"
            )


def locate(path: str, database: str, records: list[str]) -> dict[str, Path]:
    """The path of each record, without extension; records that are in none of the folders are downloaded.

    Raises InputError where a record is not in ``path``, or cannot be downloaded.
    """
    cache = cache_folder() / database
    root = os.environ.get("BENCHBENCH_DATA")
    if path:
        folder = expanded(path, "ecg")
        places = [folder, folder / database]
    else:
        places = [expanded(root, "BENCHBENCH_DATA") / database, cache] if root else [cache]
    found = {r: place / r for place in reversed(places) for r in records if (place / f"{r}.hea").is_file()}
    missing = [record for record in records if record not in found]
    if missing and path:
        if not folder.is_dir():
            raise InputError(f"ecg: path {path!r}: no such folder")
        known = {file.stem for place in places for file in place.glob("*.hea")}
        raise unknown("record", missing[0], known, where=f"ecg: path {path!r} (NAME.hea or {database}/NAME.hea)")
    if missing:
        _download(database, missing, cache)
    return {record: found.get(record, cache / record) for record in records}


def _download(database: str, records: list[str], cache: Path) -> None:
    """Download complete records into ``cache``, or none of them."""
    import wfdb  # noqa: PLC0415  only where records are read

    try:
        with suppress(HTTPError):
            urlopen(PHYSIONET, timeout=10).close()  # wfdb itself would wait forever for a dead network
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=cache) as folder, redirect_stdout(io.StringIO()):
            files = [f"{record}{ending}" for ending in (".atr", ".dat", ".hea") for record in records]
            wfdb.dl_files(database, folder, files)
            for file in files:  # headers come last, since a header marks its record as complete
                (Path(folder) / file).replace(cache / file)
    except Exception as error:
        raise InputError(
            f"ecg: no record {', '.join(records)} of {database} here, and PhysioNet cannot be read "
            f"({type(error).__name__}: {str(error)[:120]}). Put {records[0]}.hea, {records[0]}.dat, {records[0]}.atr "
            f"and so on into a folder and give it as the option path, or set BENCHBENCH_DATA to the folder above "
            f"{database}/{records[0]}.hea; the task ecg_synthetic needs no data"
        ) from error
