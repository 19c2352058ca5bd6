"""The finding of each study of the course, in one sentence made from the tables of its report, and its pictures.

The numbers decide what a sentence claims: no claim is fixed.
"""

from collections.abc import Callable, Iterable
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
        f"The time of a fit grows as a power of the length with these exponents: {ranked(laws)}. Other programs "
        f"disturbed {costs['disturbed'].sum():.0f} of {fits} fits."
    )


def _hidden_size(tables: Tables) -> str:
    width = tables.option("rnn")["width"]
    return (
        f"Validation chooses {width} hidden units. The network then has a test MSE of {number(tables.value('rnn'))}, "
        f"linear regression on the same window has {number(tables.value('linear'))}, and persistence has "
        f"{number(tables.value('persistence'))}."
    )


def _tuning(tables: Tables) -> str:
    names = ("rnn, tanh", "rnn, relu")
    best = min(names, key=lambda name: tables.value(name, column="valid_mse", table="option_sets"))
    chosen = tables.option(best)
    rows = tables.table("option_sets")
    tries = rows.set_index("architecture").loc[list(names), "option_sets"].sum()
    return (
        f"Of {tries} option sets, validation chooses {chosen['optimizer']} with a learning rate of "
        f'{chosen["learning_rate"]} for the network "{best}". Its test MSE is {number(tables.value(best))}; the test '
        f"MSE of linear regression is {number(tables.value('linear'))}."
    )


def _initialisation(tables: Tables) -> str:
    names = ("uniform", "normal", "xavier", "kaiming", "orthogonal", "identity, relu", "reservoir, momentum")
    steps = int(tables.table("microscope")["steps_before"].max())
    back = {name: tables.seen(name, "faded_before").fillna(np.inf).median() for name in names}
    kept = [name for name, value in back.items() if np.isinf(value)]
    fades = f"With {joined(kept)} the gradient does not fade" if kept else "With all initial weights it fades"
    lost = {name: value for name, value in back.items() if np.isfinite(value)}
    updates = tables.value("xavier", column="updates", table="costs")
    return (
        "Before training, the gradient fades to a thousandth of its norm within this many steps back in time (median "
        f"over seeds): {ranked(lost)}. {fades} within {steps} steps. "
        f"The test MSE after {number(updates)} updates is {tables.said(names)}."
    )


def _microscope(tables: Tables) -> str:
    names = (*_NETS, "esn")
    outside = [
        f"{tables.seen(name, 'outside_before').iloc[0]} and {tables.seen(name, 'outside_after').iloc[0]} of "
        f"{tables.seen(name, 'units_after').iloc[0]} ({name})"
        for name in names
    ]
    return (
        "The recurrent matrix has this many eigenvalues outside the unit circle, before and after training: "
        f"{', '.join(outside)}. The test MSE is {tables.said(names)}."
    )


def _pipeline(tables: Tables) -> str:
    rows = tables.table("errors")
    r2 = rows[rows["architecture"].isin((*_NETS, "esn"))].groupby("variant", sort=False)["r2"].max()
    cleaned = np.array(["'clip'" in text for text in r2.index])
    filled, clean = float(r2[~cleaned].max()), float(r2[cleaned].max())
    so = "outliers cannot be predicted" if clean > filled else "cleaning has not helped"
    return (
        f"The best R² of a network that forecasts {tables.data()['horizon']} samples ahead is {number(filled)} if only "
        f"gaps are filled. It is {number(clean)} after clipping and filtering, which clean the target in the same way: "
        f"{so}."
    )


def _ecg_beats(tables: Tables) -> str:
    nets, data = (*_NETS, "logistic"), tables.data()
    patients = [data["premature_by_patient"][patient] for patient in data["records"]["test"]]
    low, high = wilson(0.9, sum(patients))
    return (
        f"On unseen patients, the balanced accuracy is {tables.said((*nets, 'majority'), column='balanced_accuracy')}, "
        f"and the AUROC is {tables.said(nets, column='auroc')}. "
        f"The test patients have {sum(patients)} premature beats, "
        f"{max(patients)} of them from one patient: with so few, a recall of 0.9 has a 95 % interval from {low:.2f} "
        f"to {high:.2f}, and says little about other patients."
    )


def _ecg_anomaly(tables: Tables) -> str:
    def told(ask: str, names: tuple[str, ...]) -> str:
        return tables.said(names, f"ask={ask}", "auroc")

    return (
        "If the error of a one-step predictor flags the beats, the AUROC is "
        f"{told('forecast', ('gru', 'lstm', 'linear'))}. If the error of a reconstruction flags them, it is "
        f"{told('reconstruct', ('autoencoder', 'gru', 'lstm'))}; there the gru and the lstm see the value that they "
        "must return."
    )


def _sine(tables: Tables) -> str:
    true, sampled = "rnn, true inputs", "rnn, scheduled sampling"
    free = {name: tables.free(name) for name in (true, sampled, "linear")}
    updates = tables.value(sampled, column="updates", table="costs")
    versus = "lower" if free[sampled] < free[true] else "higher"
    return (
        f"The MSE of free runs of {number(tables.free('linear', 'cap'))} steps after {number(updates)} updates is "
        f"{ranked(free)}. Predicting zero has an MSE of 0.5, and the run on the course's slides has 0.97. At this "
        f"budget the RNN's MSE is {versus} with scheduled sampling than with true inputs."
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
        f"{sizes.max():,}. By range of the test amplitudes, its MSE is {ranges}. The MSE of free runs of {steps} steps "
        f"is {ranked(loop)}."
    )


def _esn(tables: Tables) -> str:
    esn, linear = tables.value("esn"), tables.value("linear")
    versus = "lower" if esn < linear else "higher"
    units = number(tables.value("esn", column="width", table="costs"))
    first, middle, third = (number(tables.free("esn", f"valid_time{end}")) for end in ("_q1", "", "_q3"))
    return (
        f"Free runs of a reservoir of {units} units stay valid for a median of {middle} Lyapunov times (quartiles "
        f"{first} and {third}), and free runs of the linear recurrence for "
        f"{number(tables.free('linear', 'valid_time'))}. "
        f"One step ahead, the MSE of the reservoir is {versus}: {ranked({'esn': esn, 'linear': linear})}."
    )


def _noisy_sine(tables: Tables) -> str:
    time, feature = "window on the time axis", "window on the feature axis"
    errors = tables.values((time, feature, "linear"))
    pair = tables.scores(time), tables.scores(feature)
    floor = tables.value("linear", column="floor_mse")
    return (
        f"With a window of 4 steps, the test MSE is {ranked(errors)}; on {int((pair[0] < pair[1]).sum())} of "
        f"{len(pair[0])} seeds it is lower on the time axis than on the feature axis. The lowest is "
        f"{min(errors.values()) / floor:.2f} times the floor of {number(floor)}, which is due to the noise."
    )


def _networks(names: Iterable[str], what: str) -> str:
    """The beginning of a sentence on the networks that have something."""
    found = list(names)
    if not found:
        return f"No network has {what}"
    return f"{joined(found)} {'have' if len(found) > 1 else 'has'} {what}"


def _energies(tables: Tables) -> str:
    free = {name: tables.free(name) for name in (*_ENERGIES, "linear", "persistence")}
    beaten = _networks((name for name in _ENERGIES if free[name] < free["persistence"]), "a lower MSE")
    ahead = _networks((name for name in _ENERGIES if free[name] < free["linear"]), "a lower MSE")
    rows = tables.table("extrapolation").sort_values("x")
    ends = rows[rows["architecture"].isin(_ENERGIES)].groupby(["architecture", "seed"])
    share = ends["generated"].agg(lambda one: one.diff().iloc[-1]) / ends["true"].agg(lambda one: one.diff().iloc[-1])
    moves = share.groupby("architecture").median()
    return (
        f"The MSE of the free run over the 8 values beyond the known ones is {ranked(free)}. {beaten} than a "
        f"forecast that repeats the last known value. {ahead} than the linear recurrence. "
        f"From the last value but one to the last, the output of a network changes {number(moves.min())} to "
        f"{number(moves.max())} times as much as the true series."
    )


def _energies_standard(tables: Tables) -> str:
    errors = tables.values((*_ENERGIES, "linear"))
    ahead = _networks((name for name in _ENERGIES if errors[name] < errors["linear"]), "a lower test MSE")
    return (
        f"If the energy is predicted from the number of particles alone, the test MSE is {ranked(errors)}. {ahead} "
        "than the straight line of linear regression."
    )


def _names(tables: Tables) -> str:
    shares = tables.values((*_NETS, "logistic", "majority"))
    ahead = _networks((name for name in _NETS if shares[name] > shares["logistic"]), "a higher share")
    return (
        f"The share of test words whose language is recognised is {ranked(shares)}. {ahead} than "
        "logistic regression on the padded word."
    )


def _problem_types(tables: Tables) -> str:
    kinds = ("one_to_one", "one_to_many", "many_to_one", "many_to_many", "encoder_decoder", "different_length")
    answers = tables.table("answers").set_index("variant")
    best = []
    for kind in kinds:
        row = answers.loc[f"problem_types (kind={kind})"]
        best.append(f"{row['take']} on {kind} ({row['verdict']})")
    return f"These competitors have the lowest median test MSE: {'; '.join(best)}."


def _learned_state(tables: Tables) -> str:
    names = ("gru", "gru, learned start", "gru, 2 layers", "gru, 2 layers, dropout", "gru, no bias")
    cosines = tables.values(names, "cosine", "mse")
    versus = "lower" if cosines["gru, learned start"] < cosines["gru"] else "no lower"
    beats = tables.said((*names, "gru, bidirectional", "linear"), "ecg_beats", "balanced_accuracy")
    low, high = (number(tables.value("gru", "ecg_beats", f"balanced_accuracy_{end}")) for end in ("min", "max"))
    return (
        f"On cosines that are scored from the first step, the test MSE is {ranked(cosines)}: with a learned initial "
        f"state it is {versus}. On noisy heartbeats, the balanced accuracy is {beats}; the balanced accuracy of the "
        f"gru ranges from {low} to {high} over the seeds."
    )


def _mistakes(tables: Tables) -> str:
    names = ("broadcast loss", "best by reference", "window as features", "state not set")
    split = {kind: tables.values(("gru", "linear"), f"split={kind}") for kind in ("random", "time")}
    ratio = {kind: f"{found['gru'] / found['linear']:.2f}" for kind, found in split.items()}
    right = tables.scores("right", "split=time")
    better = {name: float((right < tables.scores(name, "split=time")).sum()) for name in names}
    return (
        f"If overlapping windows are split at random, a GRU seems to have {ratio['random']} times the test MSE of "
        f"linear regression; if they are split by time, it has {ratio['time']} times. Split by time, the simple "
        f"network, right or with a mistake, has a test MSE of {tables.said(('right', *names), 'split=time')}. The "
        "right network has a lower test MSE than the network with the mistake in brackets on this many of "
        f"{len(right)} seeds: {ranked(better)}."
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
