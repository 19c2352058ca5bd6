"""What each study of the course has found, in one sentence made of the tables of its report, and its pictures."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchbench.report.frame import read
from benchbench.report.page.texts import number


@dataclass(frozen=True)
class Tables:
    """The tables of the report of a study, named as in its records, and the facts of its data."""

    results: Path
    study: str

    @property
    def folder(self) -> Path:
        """Where the tables are."""
        return self.results / "report" / self.study / "tables"

    def data(self) -> Mapping[str, Any]:
        """What a record says of the data; InputError where there is none."""
        return next(record.data for record in read(self.study, self.results)[1] if record.data)

    def table(self, name: str) -> pd.DataFrame:
        """One of them; empty where there is none."""
        file = self.folder / f"{name}.csv"
        return pd.read_csv(file) if file.is_file() else pd.DataFrame()

    def value(self, architecture: str, variant: str = "", column: str = "", table: str = "errors") -> float:
        """A number of a competitor at the longest length: ``column``, or else its score.

        ``variant`` is a part of the task's name with its options. KeyError where there is no such row.
        """
        rows = self.table(table)
        rows = rows[rows["architecture"] == architecture]
        rows = rows[[variant in str(text) for text in rows["variant"]]]
        if rows.empty:
            raise KeyError(f"{self.folder}: {table} has no row of {architecture} {variant}")
        return float(rows.sort_values("length")[column or ("score" if "score" in rows else "mse")].iloc[-1])

    def free(self, architecture: str, column: str = "free_run_mse", variant: str = "") -> float:
        """A number of the closed loop."""
        return self.value(architecture, variant, column, "closed_loop")

    def said(self, architectures: Iterable[str], variant: str = "", column: str = "") -> str:
        """Numbers of some competitors, the lowest first."""
        found = {name: self.value(name, variant, column) for name in architectures}
        return _listed(found)

    def option(self, architecture: str) -> dict[str, object]:
        """The option set that validation chose."""
        rows = self.table("option_sets")
        chosen: dict[str, object] = json.loads(rows[rows["architecture"] == architecture]["set"].iloc[0])
        return chosen


@dataclass(frozen=True)
class Exercise:
    """What a study is for: its figures, the first the one to be shown first, and what it found."""

    figures: tuple[str, ...]
    finding: Callable[[Tables], str]


def _listed(values: dict[str, float]) -> str:
    ordered = sorted(values.items(), key=lambda item: item[1])
    return ", ".join(f"{number(value)} ({name})" for name, value in ordered)


def _computation_time(tables: Tables) -> str:
    costs = tables.table("costs")
    laws = {
        str(name): float(np.polyfit(np.log(rows["length"]), np.log(rows["fit_seconds"]), 1)[0])
        for name, rows in costs.groupby("architecture")
    }
    return f"The time of a fit grows as a power of the length, with these exponents: {_listed(laws)}."


def _hidden_size(tables: Tables) -> str:
    width = tables.option("rnn")["width"]
    return (
        f"Validation chooses {width} hidden units; their test MSE is {number(tables.value('rnn'))}, that of linear "
        f"regression on the same window {number(tables.value('linear'))}, and of persistence "
        f"{number(tables.value('persistence'))}."
    )


def _tuning(tables: Tables) -> str:
    names = ("rnn, tanh", "rnn, relu")
    best = min(names, key=tables.value)
    chosen = tables.option(best)
    rows = tables.table("option_sets")
    tries = rows.set_index("architecture").loc[list(names), "option_sets"].sum()
    return (
        f"Of {tries} option sets validation chooses {chosen['optimizer']} with a learning rate of "
        f"{chosen['learning_rate']} for the {best}, whose test MSE is {number(tables.value(best))}; "
        f"linear regression has {number(tables.value('linear'))}."
    )


def _initialisation(tables: Tables) -> str:
    names = ("uniform", "normal", "xavier", "kaiming", "orthogonal", "identity, relu", "reservoir, momentum")
    return (
        "Small uniform recurrent weights lose the gradient within 40 steps, Kaiming's keep it over 100. "
        f"The test MSE after 300 updates: {tables.said(names)}."
    )


def _microscope(tables: Tables) -> str:
    return (
        "Training moves a few eigenvalues of the recurrent matrices out of the unit circle and leaves most where they "
        "were; of the echo state network only the output weights are fitted. The test MSE: "
        f"{tables.said(('rnn', 'lstm', 'gru', 'esn'))}."
    )


def _pipeline(tables: Tables) -> str:
    nets, rows = ("rnn", "lstm", "gru", "esn"), tables.table("errors")
    rows = rows[rows["architecture"].isin(nets)]
    r2 = rows.groupby("variant", sort=False)["r2"].max()
    filled = float(r2[[text for text in r2.index if "'clip'" not in text]].iloc[0])
    return (
        f"Ten samples ahead the best network explains {number(filled)} of the variance where gaps alone are filled, "
        f"and up to {number(float(r2.max()))} after clipping and filtering: outliers cannot be foretold."
    )


def _ecg_beats(tables: Tables) -> str:
    nets, data = ("rnn", "lstm", "gru", "logistic"), tables.data()
    patients = [data["premature_by_patient"][patient] for patient in data["records"]["test"]]
    return (
        f"Balanced accuracy on patients never seen: {tables.said((*nets, 'majority'), column='balanced_accuracy')}; "
        f"AUROC: {tables.said(nets, column='auroc')}. The test patients have {sum(patients)} premature "
        f"beats, {max(patients)} of them of one patient, so that the intervals are wide."
    )


def _ecg_anomaly(tables: Tables) -> str:
    def told(ask: str, names: tuple[str, ...]) -> str:
        return tables.said(names, f"ask={ask}", "auroc")

    return (
        f"AUROC of the error of one-step predictors: {told('forecast', ('gru', 'lstm', 'linear'))}; of reconstruction: "
        f"{told('reconstruct', ('autoencoder', 'gru', 'lstm'))}, where only the autoencoder cannot copy its input."
    )


def _sine(tables: Tables) -> str:
    names = ("rnn, true inputs", "rnn, scheduled sampling", "gru, scheduled sampling", "linear")
    return (
        f"The MSE of free runs of 1,000 steps: {_listed({name: tables.free(name) for name in names})}; predicting zero "
        "has 0.5, the slides' run 0.97."
    )


def _cosine(tables: Tables) -> str:
    few, many = ("test_ranges=default, train_series=10)", "test_ranges=default, train_series=1000)")
    loop = {name: tables.free(name, variant=many) for name in ("rnn", "lstm", "gru", "esn", "linear")}
    return (
        f"One step ahead a GRU has an MSE of {number(tables.value('gru', few))} after 10 training cosines and of "
        f"{number(tables.value('gru', many))} after 1,000 with as many updates; free runs of 900 steps have "
        f"{_listed(loop)}."
    )


def _esn(tables: Tables) -> str:
    return (
        f"Free runs of 200 units stay valid for a median of {number(tables.free('esn', 'valid_time'))} Lyapunov times "
        f"({number(tables.free('esn', 'valid_time_q1'))} to {number(tables.free('esn', 'valid_time_q3'))}), and of the "
        f"linear recurrence for {number(tables.free('linear', 'valid_time'))}, though it is better one step ahead."
    )


def _noisy_sine(tables: Tables) -> str:
    names = ("window on the time axis", "window on the feature axis", "linear")
    return (
        f"With a window of 4 it makes no difference on which axis it lies: the test MSE is {tables.said(names)}, and "
        f"none comes near the floor of {number(tables.value('linear', column='floor_mse'))} that the noise sets."
    )


def _energies(tables: Tables) -> str:
    names = ("rnn 200", "rnn 2 x 500, sigmoid", "lstm 2 x 250", "dense 2 x 125, gru 2 x 250", "linear")
    return (
        "No network extrapolates: their outputs saturate. The MSE of the free run over the 8 values: "
        f"{_listed({name: tables.free(name) for name in names})}."
    )


def _energies_standard(tables: Tables) -> str:
    names = ("rnn 200", "rnn 2 x 500, sigmoid", "lstm 2 x 250", "dense 2 x 125, gru 2 x 250", "linear")
    return (
        f"From the number of particles alone no network is better than a straight line; the MSE: {tables.said(names)}."
    )


def _names(tables: Tables) -> str:
    return (
        f"The share of words whose language is told: {tables.said(('majority', 'rnn', 'lstm', 'gru', 'logistic'))}; "
        "logistic regression on the padded word is as good as the networks."
    )


def _problem_types(tables: Tables) -> str:
    kinds = ("one_to_one", "one_to_many", "many_to_one", "many_to_many", "encoder_decoder", "different_length")
    best = {}
    for kind in kinds:
        rows = tables.table("errors")
        rows = rows[rows["variant"].str.contains(f"kind={kind}", regex=False) & rows["mse"].notna()]
        best[kind] = rows.sort_values("mse")["architecture"].iloc[0]
    return f"The lowest test MSE has {', '.join(f'{name} in {kind}' for kind, name in best.items())}."


def _learned_state(tables: Tables) -> str:
    names = ("gru", "gru, learned start", "gru, 2 layers", "gru, 2 layers, dropout", "gru, no bias")
    beats = (*names, "gru, bidirectional")
    return (
        f"On cosines scored from the first step, the MSE is {tables.said(names, 'cosine', 'mse')}; on heartbeats the "
        f"balanced accuracy is {tables.said(beats, 'ecg_beats', 'balanced_accuracy')}."
    )


def _mistakes(tables: Tables) -> str:
    names = ("right", "broadcast loss", "best by reference", "window as features", "state not set")
    floor = number(tables.value("right", "split=random", "floor_mse"))
    return (
        f"Split at random, the right network seems to reach {number(tables.value('right', 'split=random'))}, though "
        f"the best possible test MSE is {floor}; split by time, the networks have {tables.said(names, 'split=time')}."
    )


EXERCISES = {
    "computation-time": Exercise(("power_law",), _computation_time),
    "hidden-size": Exercise(("option_curves", "signal"), _hidden_size),
    "tuning": Exercise(("option_heat_map",), _tuning),
    "initialisation": Exercise(("steps_back", "spectral_radius"), _initialisation),
    "microscope": Exercise(
        ("weight_evolution", "activity", "activity_by_epoch", "hidden_weights", "eigenvalues", "output_weights"),
        _microscope,
    ),
    "pipeline": Exercise(("raw_and_clean*median", "signal"), _pipeline),
    "ecg-beats": Exercise(("confusion", "roc"), _ecg_beats),
    "ecg-anomaly": Exercise(("flagged", "roc"), _ecg_anomaly),
    "sine-generation": Exercise(("free_runs", "best_and_worst"), _sine),
    "cosine-generation": Exercise(("score_by_option", "best_and_worst"), _cosine),
    "esn-generator": Exercise(("generator", "output_weights"), _esn),
    "noisy-sine": Exercise(("whole_series",), _noisy_sine),
    "energies": Exercise(("extrapolation",), _energies),
    "energies-standard": Exercise(("extrapolation",), _energies_standard),
    "names": Exercise(("confusion",), _names),
    "problem-types": Exercise(("scores",), _problem_types),
    "learned-state": Exercise(("scores",), _learned_state),
    "mistakes": Exercise(("scores",), _mistakes),
}
"""The exercises by the name of their study in the folder of the course."""
