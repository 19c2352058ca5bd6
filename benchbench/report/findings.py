"""The finding of each study of the course, in one sentence made from the tables of its report, and its pictures.

The numbers decide what a sentence claims: no claim is fixed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchbench.report.committed import Tables, joined, ranked
from benchbench.report.page.texts import number
from benchbench.statistics.intervals import wilson

_NETS = ("rnn", "lstm", "gru")
_ENERGIES = ("rnn 200", "rnn 2 x 500, sigmoid", "lstm 2 x 250", "dense 2 x 125, gru 2 x 250")


@dataclass(frozen=True)
class Exercise:
    """A study of the course: its figures, the most important first, and the function that states its finding."""

    figures: tuple[str, ...]
    finding: Callable[[Tables], str]


def _computation_time(tables: Tables) -> str:
    costs = tables.table("costs")
    laws = {
        str(name): float(np.polyfit(np.log(rows["length"]), np.log(rows["fit_seconds"]), 1)[0])
        for name, rows in costs.groupby("architecture")
    }
    fits = tables.table("errors")["ok"].sum()
    return (
        f"Fitted as a power of the length, the time of a fit has these exponents: {ranked(laws)}. Other programs "
        f"disturbed {costs['disturbed'].sum():.0f} of {fits} fits."
    )


def _hidden_size(tables: Tables) -> str:
    width = tables.option("rnn")["width"]
    return (
        f"Validation chooses {width} hidden units; their test MSE is {number(tables.value('rnn'))}, that of linear "
        f"regression on the same window {number(tables.value('linear'))}, and of persistence "
        f"{number(tables.value('persistence'))}."
    )


def _tuning(tables: Tables) -> str:
    names = ("rnn, tanh", "rnn, relu")
    best = min(names, key=lambda name: tables.value(name, column="valid_mse", table="option_sets"))
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
    steps = int(tables.table("microscope")["steps_before"].max())
    back = {name: tables.seen(name, "faded_before").fillna(np.inf).median() for name in names}
    kept = joined(name for name, value in back.items() if np.isinf(value))
    lost = {name: value for name, value in back.items() if np.isfinite(value)}
    updates = tables.value("xavier", column="updates", table="costs")
    return (
        "Before training, the gradient has faded to a thousandth after this many steps back in time (median over "
        f"seeds): {ranked(lost)}; it has not faded within {steps} steps for: {kept}. The test MSE after "
        f"{number(updates)} updates: {tables.said(names)}."
    )


def _microscope(tables: Tables) -> str:
    names = (*_NETS, "esn")
    outside = [
        f"{tables.seen(name, 'outside_before').iloc[0]} and {tables.seen(name, 'outside_after').iloc[0]} of "
        f"{tables.seen(name, 'units_after').iloc[0]} ({name})"
        for name in names
    ]
    return (
        "The number of eigenvalues of the recurrent matrix outside the unit circle, before and after training: "
        f"{', '.join(outside)}. The test MSE: {tables.said(names)}."
    )


def _pipeline(tables: Tables) -> str:
    rows = tables.table("errors")
    r2 = rows[rows["architecture"].isin((*_NETS, "esn"))].groupby("variant", sort=False)["r2"].max()
    cleaned = np.array(["'clip'" in text for text in r2.index])
    filled, clean = float(r2[~cleaned].max()), float(r2[cleaned].max())
    so = "outliers cannot be predicted" if clean > filled else "cleaning has not helped"
    return (
        f"{tables.data()['horizon']} samples ahead, the best R² of a network is {number(filled)} if only gaps are "
        f"filled, and {number(clean)} after clipping and filtering, for a target that is cleaned in the same way: {so}."
    )


def _ecg_beats(tables: Tables) -> str:
    nets, data = (*_NETS, "logistic"), tables.data()
    patients = [data["premature_by_patient"][patient] for patient in data["records"]["test"]]
    low, high = wilson(0.9, sum(patients))
    return (
        f"Balanced accuracy on unseen patients: {tables.said((*nets, 'majority'), column='balanced_accuracy')}; "
        f"AUROC: {tables.said(nets, column='auroc')}. The test patients have {sum(patients)} premature beats, "
        f"{max(patients)} of them from one patient: with so few, a recall of 0.9 has a 95 % interval from {low:.2f} "
        f"to {high:.2f}, and says little about other patients."
    )


def _ecg_anomaly(tables: Tables) -> str:
    def told(ask: str, names: tuple[str, ...]) -> str:
        return tables.said(names, f"ask={ask}", "auroc")

    return (
        f"AUROC of the error of one-step predictors: {told('forecast', ('gru', 'lstm', 'linear'))}; of reconstruction: "
        f"{told('reconstruct', ('autoencoder', 'gru', 'lstm'))}, where the gru and the lstm see the value that they "
        "must return."
    )


def _sine(tables: Tables) -> str:
    true, sampled = "rnn, true inputs", "rnn, scheduled sampling"
    free = {name: tables.free(name) for name in (true, sampled, "linear")}
    updates = tables.value(sampled, column="updates", table="costs")
    versus = "lower" if free[sampled] < free[true] else "higher"
    return (
        f"The MSE of free runs of {number(tables.free('linear', 'cap'))} steps after {number(updates)} updates: "
        f"{ranked(free)}; predicting zero has 0.5, the run on the course's slides 0.97. At this budget the RNN's MSE "
        f"is {versus} with scheduled sampling than with true inputs."
    )


def _cosine(tables: Tables) -> str:
    rows = tables.table("errors")
    sizes = rows["variant"].str.extract(r"test_ranges=default, train_series=(\d+)\)")[0].dropna().astype(int)
    few, many = (f"test_ranges=default, train_series={size})" for size in (sizes.min(), sizes.max()))
    updates = tables.value("gru", many, "updates", "costs")
    steps = number(tables.free("linear", "cap", many))
    loop = {name: tables.free(name, variant=many) for name in (*_NETS, "esn", "linear")}
    groups = tables.table("groups")
    groups = groups[groups["architecture"] == "gru"]
    ranges = ranked(dict(zip(groups["group"], groups["mse"], strict=True)))
    return (
        f"One step ahead, a GRU has an MSE of {number(tables.value('gru', few))} after {number(updates)} updates on "
        f"{sizes.min():,} training cosines and of {number(tables.value('gru', many))} after as many updates on "
        f"{sizes.max():,}; by amplitude it is {ranges}. The MSE of free runs of {steps} steps: {ranked(loop)}."
    )


def _esn(tables: Tables) -> str:
    esn, linear = tables.value("esn"), tables.value("linear")
    versus = "lower" if esn < linear else "higher"
    units = number(tables.value("esn", column="width", table="costs"))
    first, middle, third = (number(tables.free("esn", f"valid_time{end}")) for end in ("_q1", "", "_q3"))
    return (
        f"Free runs of a reservoir of {units} units stay valid for a median of {middle} Lyapunov times ({first} to "
        f"{third}), those of the linear recurrence for {number(tables.free('linear', 'valid_time'))}; one step ahead, "
        f"the reservoir's MSE is the {versus} one: {ranked({'esn': esn, 'linear': linear})}."
    )


def _noisy_sine(tables: Tables) -> str:
    time, feature = "window on the time axis", "window on the feature axis"
    errors = tables.values((time, feature, "linear"))
    pair = tables.scores(time), tables.scores(feature)
    floor = tables.value("linear", column="floor_mse")
    return (
        f"With a window of 4 the test MSE is {ranked(errors)}; on {int((pair[0] < pair[1]).sum())} of {len(pair[0])} "
        "seeds it is lower on the time axis than on the feature axis. The lowest is "
        f"{min(errors.values()) / floor:.2f} times the floor of {number(floor)}, which is due to the noise."
    )


def _energies(tables: Tables) -> str:
    free = {name: tables.free(name) for name in (*_ENERGIES, "linear", "persistence")}
    beaten = joined(name for name in _ENERGIES if free[name] < free["persistence"])
    ahead = joined(name for name in _ENERGIES if free[name] < free["linear"])
    rows = tables.table("extrapolation").sort_values("x")
    ends = rows[rows["architecture"].isin(_ENERGIES)].groupby(["architecture", "seed"])
    share = ends["generated"].agg(lambda one: one.diff().iloc[-1]) / ends["true"].agg(lambda one: one.diff().iloc[-1])
    moves = share.groupby("architecture").median()
    return (
        f"The MSE of the free run over the 8 values beyond the known ones: {ranked(free)}. Networks better than "
        f"repeating the last known value: {beaten}; better than the linear recurrence: {ahead}. "
        f"At the end, the step of a network is {number(moves.min())} to {number(moves.max())} times the true step."
    )


def _energies_standard(tables: Tables) -> str:
    errors = tables.values((*_ENERGIES, "linear"))
    ahead = joined(name for name in _ENERGIES if errors[name] < errors["linear"])
    return (
        f"From the number of particles alone the MSE is {ranked(errors)}. Networks better than the straight line of "
        f"linear regression: {ahead}."
    )


def _names(tables: Tables) -> str:
    shares = tables.values((*_NETS, "logistic", "majority"))
    ahead = joined(name for name in _NETS if shares[name] > shares["logistic"])
    return (
        f"The share of words whose language is recognised: {ranked(shares)}. Networks better than logistic regression "
        f"on the padded word: {ahead}."
    )


def _problem_types(tables: Tables) -> str:
    kinds = ("one_to_one", "one_to_many", "many_to_one", "many_to_many", "encoder_decoder", "different_length")
    answers = tables.table("answers").set_index("variant")
    best = []
    for kind in kinds:
        row = answers.loc[f"problem_types (kind={kind})"]
        best.append(f"{row['take']} in {kind} ({row['verdict']})")
    return f"The lowest test MSE has {'; '.join(best)}."


def _learned_state(tables: Tables) -> str:
    names = ("gru", "gru, learned start", "gru, 2 layers", "gru, 2 layers, dropout", "gru, no bias")
    cosines = tables.values(names, "cosine", "mse")
    versus = "lower" if cosines["gru, learned start"] < cosines["gru"] else "no lower"
    beats = tables.said((*names, "gru, bidirectional", "linear"), "ecg_beats", "balanced_accuracy")
    low, high = (number(tables.value("gru", "ecg_beats", f"balanced_accuracy_{end}")) for end in ("min", "max"))
    return (
        f"On cosines scored from the first step, the MSE is {ranked(cosines)}: a learned start makes it {versus}. On "
        f"noisy heartbeats the balanced accuracy is {beats}; the seeds of the gru alone range from {low} to {high}."
    )


def _mistakes(tables: Tables) -> str:
    names = ("broadcast loss", "best by reference", "window as features", "state not set")
    split = {kind: tables.values(("gru", "linear"), f"split={kind}") for kind in ("random", "time")}
    ratio = {kind: f"{found['gru'] / found['linear']:.2f}" for kind, found in split.items()}
    right = tables.scores("right", "split=time")
    better = {name: float((right < tables.scores(name, "split=time")).sum()) for name in names}
    return (
        f"If overlapping windows are split at random, a GRU seems to have {ratio['random']} times the test MSE of "
        f"linear regression; split by time, it has {ratio['time']} times. Split by time, the simple network has "
        f"{tables.said(('right', *names), 'split=time')}; the number of {len(right)} seeds on which the right one is "
        f"better: {ranked(better)}."
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
"""The exercises by the names of their studies in the course's folder."""
