"""Words of invented languages; each language has syllables and endings by which its words can be recognised."""

from typing import NamedTuple

import numpy as np

ALPHABET = "abcdefghijklmnopqrstuvwxyz"


class Language(NamedTuple):
    """An invented language, whose words are syllables (onset, nucleus, coda) and an ending.

    ``syllables`` are the probabilities of one, two and three syllables.
    """

    onsets: tuple[str, ...]
    nuclei: tuple[str, ...]
    codas: tuple[str, ...]
    endings: tuple[str, ...]
    syllables: tuple[float, float, float]


def _of(onsets: str, nuclei: str, codas: str, endings: str, syllables: tuple[float, float, float]) -> Language:
    """Make a language from texts of pieces; an underscore stands for an empty piece."""
    parts = [tuple(piece.replace("_", "") for piece in text.split()) for text in (onsets, nuclei, codas, endings)]
    return Language(parts[0], parts[1], parts[2], parts[3], syllables)


LANGUAGES = {
    "Belani": _of("b d l m n r s v j z", "a e i o u ia", "_ _ _ n l r", "o a i ini ella etto", (0.2, 0.6, 0.2)),
    "Dorsk": _of(
        "d g k kr st sv br h f v", "a e i o u", "rk nd st g ld _ n sk", "sen gard en heim er _", (0.6, 0.4, 0.0)
    ),
    "Kasuri": _of("k s t n h m y r sh ch z", "a i u e o", "_ _ _ _ n", "ko mi ta ra no shi", (0.2, 0.6, 0.2)),
    "Lomoa": _of("l m p k w h n f t", "a e i o u ao ai oa", "_", "na loa ke hui pu mai", (0.2, 0.5, 0.3)),
    "Tsevan": _of(
        "ts z v pr m k dr sl b t ch", "a e i o u", "_ v l k sh n r", "ov ski ev ina itz ko", (0.4, 0.5, 0.1)
    ),
    "Yrthen": _of(
        "y th gw ll c r br dd m pen tr", "a e y w i ae", "_ n th dd r ll s", "wen yn ith og an _", (0.5, 0.5, 0.0)
    ),
}  # fmt: skip


def word(rng: np.random.Generator, language: Language) -> str:
    """Draw a word of a language."""
    count = 1 + int(rng.choice(3, p=language.syllables))
    parts = [
        str(rng.choice(choices))
        for _ in range(count)
        for choices in (language.onsets, language.nuclei, language.codas)
    ]  # fmt: skip
    return "".join(parts) + str(rng.choice(language.endings))


def vocabulary(rng: np.random.Generator, count: int, longest: int) -> dict[str, list[str]]:
    """Draw ``count`` words of each language, of 3 to ``longest`` letters; no word occurs twice or in two languages.

    Raises ValueError where a language does not have as many words.
    """
    taken: set[str] = set()
    found: dict[str, list[str]] = {}
    for name, language in LANGUAGES.items():
        words: list[str] = []
        for _ in range(40 * count):
            made = word(rng, language)
            if made not in taken and 3 <= len(made) <= longest:
                taken.add(made)
                words.append(made)
            if len(words) == count:
                break
        else:
            raise ValueError(f"{name} has no {count} different words of at most {longest} letters")
        found[name] = words
    return found
