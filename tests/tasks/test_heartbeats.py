"""ecg_beats, ecg_anomaly and the made-up heartbeats: counts, labels, splits by patient, and refusals."""

import numpy as np
import pytest
import wfdb
from scipy.signal import find_peaks
from sklearn.metrics import roc_auc_score

from benchbench.core.errors import InputError
from benchbench.signals.synthetic_ecg import heartbeat
from benchbench.tasks.ecg_anomaly import auroc_of_error, ecg_anomaly
from benchbench.tasks.ecg_beats import ecg_beats

RECORDS = ("100", "101", "103")


def beats(length=120, seed=0, **options):
    return ecg_beats(np.random.default_rng(seed), length, **{"database": "synthetic", **options})


@pytest.fixture
def annotated(tmp_path, write_record):
    """Records of 60 s at 360 Hz, each beat marked as ``symbols`` of its record says, over and over."""

    def write(**symbols):
        for number, (record, wanted) in enumerate(symbols.items()):
            made = heartbeat(np.random.default_rng(number), 60 * 360, rate=360.0)
            write_record(tmp_path, record[1:], made.signal)
            marks = [wanted[i % len(wanted)] for i in range(len(made.peaks))]
            wfdb.wrann(record[1:], "atr", made.peaks, symbol=marks, write_dir=str(tmp_path))
        return {"path": str(tmp_path), "database": "mitdb", "records": RECORDS[:2], "test_records": RECORDS[2:]}

    return write


def test_premature_beats_come_early_with_a_pause_after_them_and_are_wide():
    made = heartbeat(np.random.default_rng(0), 12_000, heart_rate_std=0.0, premature=0.2)
    early = np.flatnonzero(made.premature[:-1])
    gaps = np.diff(made.peaks)
    assert len(early) > 5
    assert gaps[early - 1] == pytest.approx(0.65 * 120, abs=2)
    assert gaps[early] == pytest.approx(1.35 * 120, abs=2)

    def width(peak):
        above = made.signal[peak - 12 : peak + 12] > made.signal[peak] / 2
        return above.sum()

    widths = np.array([width(peak) for peak in made.peaks[1:-1]])
    flags = made.premature[1:-1]
    assert widths[flags].min() > 1.5 * widths[~flags].max()


def test_the_share_of_premature_beats_is_the_one_asked_for_and_none_by_default():
    made = [heartbeat(np.random.default_rng(0), 60_000, premature=share) for share in (0.0, 0.1)]
    assert not made[0].premature.any()
    assert made[1].premature.mean() == pytest.approx(0.1 * 0.9, abs=0.03)  # never two in a row


def test_the_peaks_are_where_the_signal_peaks():
    made = heartbeat(np.random.default_rng(1), 6000, wander=0.0)
    found, _ = find_peaks(made.signal, height=0.6, distance=40)
    assert len(found) == len(made.peaks)
    assert np.abs(found - made.peaks).max() <= 2


def test_the_window_ends_behind_the_peak_and_the_target_is_the_annotation(annotated):
    options = annotated(r100="NV", r101="NNV", r103="NNNV")
    problem = beats(rate=360.0, length=200, after=0.1, **options)
    raw = problem.test.inputs[:, :, 0] * problem.provenance["std"][0] + problem.provenance["mean"][0]
    assert set(raw.argmax(axis=1)) <= {200 - 37 + shift for shift in (-2, -1, 0, 1, 2)}
    made = heartbeat(np.random.default_rng(2), 60 * 360, rate=360.0)
    np.testing.assert_allclose(raw[-2], made.signal[made.peaks[-2] - 163 : made.peaks[-2] + 37], atol=0.01)
    classes = problem.test.targets[:, 0].argmax(axis=1)
    first = len(made.peaks) - len(classes)  # beats without a whole window
    assert classes.tolist() == [int(i % 4 == 3) for i in range(len(made.peaks))][first:]


def test_premature_beats_are_counted_by_split_and_patient_and_so_are_the_beats_left_out(annotated):
    problem = beats(**annotated(r100="NV", r101="NVA+", r103="NVFN"))
    facts = problem.provenance
    for use, split in (("train", problem.train), ("valid", problem.valid), ("test", problem.test)):
        assert facts["premature_beats"][use] == split.targets[:, 0, 1].sum()
        assert facts["beats"][use] == len(split)
    assert facts["premature_by_patient"]["103"] == facts["premature_beats"]["test"]
    assert {name: list(left) for name, left in facts["left_out"].items()} == {"101": ["A"], "103": ["F"]}


def test_the_real_test_patients_have_43_premature_beats(mitdb, monkeypatch):
    monkeypatch.setenv("BENCHBENCH_DATA", mitdb)
    facts = ecg_beats(np.random.default_rng(0), 60, rate=60.0).provenance
    assert facts["premature_beats"] == {"train": 689, "valid": 444, "test": 43}
    assert [facts["premature_by_patient"][name] for name in ("100", "105", "121")] == [1, 41, 1]


def test_every_split_has_patients_of_its_own_and_the_test_is_scored_by_patient():
    problem = beats()
    assert list(problem.groups) == ["100", "105", "121"]
    stops = [part.stop for part in problem.groups.values()]
    assert stops[-1] == len(problem.test)
    assert problem.provenance["records"]["valid"] == ["119"]


@pytest.mark.parametrize(
    ("symbols", "said"),
    [
        ({"r100": "NV", "r101": "NV", "r103": "N"}, r"none of the \d+ beats of test \(103\) is premature"),
        ({"r100": "V", "r101": "NV", "r103": "NV"}, r"none of the \d+ beats of train \(100\) is normal"),
    ],
)
def test_a_split_without_a_class_is_refused_by_its_name(annotated, symbols, said):
    with pytest.raises(InputError, match=said):
        beats(**annotated(**symbols))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"premature": 0.0}, "is premature"),
        ({"records": ("100",)}, "train has no record: at least two records"),
        ({"records": ("100", "100s")}, "same patient"),
        ({"duration": 1.0}, "raise duration"),
        ({"database": "mitdb", "premature": 0.1}, "premature: records have their own"),
    ],
)
def test_options_without_effect_or_without_data_are_refused(options, said):
    with pytest.raises(InputError, match=said):
        beats(**options)


def test_a_record_without_annotations_is_refused_by_its_name(annotated, tmp_path):
    options = annotated(r100="NV", r101="NV", r103="NV")
    (tmp_path / "101.atr").unlink()
    with pytest.raises(InputError, match="'101': its annotations cannot be read"):
        beats(**options)


@pytest.mark.parametrize("ask", ["forecast", "reconstruct"])
def test_an_anomaly_detector_learns_from_normal_beats_only_and_is_tested_on_all(ask):
    problem = ecg_anomaly(np.random.default_rng(0), 120, ask=ask, database="synthetic")
    every = beats(length=120 + (ask == "forecast"))
    assert len(problem.train) == len(every.train) - every.train.targets[:, 0, 1].sum()
    assert len(problem.test) == len(every.test)
    assert problem.test.labels.sum() == problem.provenance["premature_beats"] > 0
    if ask == "forecast":
        assert problem.causal
        np.testing.assert_array_equal(problem.test.targets[:, :-1], problem.test.inputs[:, 6:])
    else:
        np.testing.assert_array_equal(problem.test.targets, problem.test.inputs)


def test_the_score_of_an_anomaly_detector_is_the_auroc_of_its_errors():
    rng = np.random.default_rng(0)
    targets, predictions = rng.standard_normal((2, 40, 6, 1)).astype(np.float32)
    labels = rng.integers(0, 2, 40)
    wanted = roc_auc_score(labels, ((targets - predictions) ** 2).mean(axis=(1, 2)))
    assert auroc_of_error(targets, predictions, labels) == pytest.approx(wanted)
    with pytest.raises(ValueError, match="all labels are alike"):
        auroc_of_error(targets, predictions, np.zeros(40))
