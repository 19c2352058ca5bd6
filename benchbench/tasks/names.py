"""The language of a word, read letter by letter: six invented languages, or a file of words with their languages."""

from pathlib import Path

import numpy as np

from benchbench.core.errors import InputError
from benchbench.core.objective import Objective
from benchbench.core.options import Positive
from benchbench.core.problem import Problem, Split
from benchbench.core.registry import task
from benchbench.core.windows import FRACTIONS
from benchbench.signals.words import ALPHABET, vocabulary


@task("names", version=1)
def names(
    rng: np.random.Generator, length: int, *, words: Positive = 300, path: str = "", alphabet: str = ALPHABET
) -> Problem:
    """Classify words of at most ``length`` letters by language; no word is in two splits or in two languages.

    The words are ``words`` of each of six invented languages, drawn anew for each seed, or those of the text file
    ``path``, with a word, a tab and its language in each line. Inputs are one-hot over the letters of ``alphabet``.
    Raises InputError for other letters, longer words, a word that occurs twice, and a language with too few words for
    three splits.
    """
    if len(set(alphabet)) < len(alphabet) or not alphabet:
        raise InputError(f"names: alphabet {alphabet!r} is empty or repeats a letter; give each letter once")
    known = _read(path, length, alphabet) if path else _made(rng, words, length)
    classes = tuple(known)
    parts: list[list[tuple[str, int]]] = [[], [], []]
    for number, language in enumerate(classes):
        ends = [round(share * len(known[language])) for share in np.cumsum(FRACTIONS[:2])]
        dealt = np.split(rng.permutation(len(known[language])), ends)
        if min(map(len, dealt)) == 0:
            raise InputError(
                f"names: {len(known[language])} words of {language} are too few for three splits; give more"
            )
        for part, chosen in zip(parts, dealt, strict=True):
            part += [(known[language][i], number) for i in chosen]
    mixed = [[part[i] for i in rng.permutation(len(part))] for part in parts]
    train, valid, test = (_split(part, length, len(classes), alphabet) for part in mixed)
    return Problem(
        train=train, valid=valid, test=test,
        objective=Objective.classification(primary="accuracy"), classes=classes, asks="label", causal=False,
        provenance={
            "source": Path(path).name if path else "six made-up languages",
            "words": {language: len(known[language]) for language in classes},
            "mean": [0.0],
            "std": [1.0],
        },
    )  # fmt: skip


def _made(rng: np.random.Generator, words: int, length: int) -> dict[str, list[str]]:
    try:
        return vocabulary(rng, words, length)
    except ValueError as error:
        raise InputError(f"names: {error}; ask for fewer words, or longer ones") from None


def _read(path: str, length: int, alphabet: str) -> dict[str, list[str]]:
    try:
        lines = Path(path).expanduser().read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"names: path {path!r}: {getattr(error, 'strerror', None) or error}") from None
    known: dict[str, list[str]] = {}
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        where = f"names: {Path(path).name}, line {number}"
        word, tab, language = (piece.strip() for piece in line.partition("\t"))
        if not line.strip():
            continue
        if not (tab or "\t" in line) or not word or not language:
            raise InputError(f"{where}: {line[:40]!r} must be a word, a tab and its language")
        if strange := sorted(set(word) - set(alphabet)):
            raise InputError(
                f"{where}: {word!r} has {', '.join(strange)}, which the alphabet {alphabet!r} does not have"
            )
        if len(word) > length:
            raise InputError(f"{where}: {word!r} has {len(word)} letters, more than the length {length}; raise it")
        if word in seen:
            raise InputError(
                f"{where}: {word!r} is in line {seen[word]} too, so that it could be in two splits; leave one out"
            )
        seen[word] = number
        known.setdefault(language, []).append(word)
    if len(known) < 2:
        raise InputError(f"names: {Path(path).name} has {len(known)} languages; at least two are needed")
    return dict(sorted(known.items()))


def _split(part: list[tuple[str, int]], length: int, classes: int, alphabet: str) -> Split:
    inputs = np.zeros((len(part), length, len(alphabet)), np.float32)
    for row, (word, _) in enumerate(part):
        inputs[row, np.arange(len(word)), [alphabet.index(letter) for letter in word]] = 1
    targets = np.eye(classes, dtype=np.float32)[[number for _, number in part]][:, None]
    return Split(inputs=inputs, targets=targets, lengths=np.array([len(word) for word, _ in part]))
