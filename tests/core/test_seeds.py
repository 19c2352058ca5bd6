import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchbench.core.seeds import integer, stream

PROGRAM = "from benchbench.core.seeds import *; print(integer(3, 'data', 'sine'), stream(3, 'data').integers(10**9))"
INTEGER, DRAWN = 536214355, 378769665


def test_the_numbers_of_a_seed_stay_the_same_for_ever() -> None:
    assert integer(3, "data", "sine") == INTEGER
    assert stream(3, "data").integers(10**9) == DRAWN


def test_another_process_gets_the_same_numbers() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(INTEGER), str(DRAWN)]


def test_the_same_seed_and_purpose_give_the_same_stream() -> None:
    assert stream(1, "a").normal(size=50).tolist() == stream(1, "a").normal(size=50).tolist()


def test_the_streams_of_different_purposes_are_independent() -> None:
    first, second = stream(1, "a").normal(size=4_000), stream(1, "b").normal(size=4_000)
    assert abs((first * second).mean()) < 0.06  # 4 standard errors


def test_a_purpose_in_two_words_is_not_that_purpose_in_one() -> None:
    assert len({integer(0, "a", "b"), integer(0, "ab"), integer(0, "b", "a"), integer(0, "a"), integer(0)}) == 5


def test_drawing_from_one_stream_does_not_move_another() -> None:
    untouched = stream(1, "b").normal()
    first, second = stream(1, "a"), stream(1, "b")
    first.normal(size=100)
    assert second.normal() == untouched


@given(seed=st.integers(0, 10**9), other=st.integers(0, 10**9), purpose=st.text())
def test_another_seed_changes_every_stream(seed: int, other: int, purpose: str) -> None:
    same = np.array_equal(stream(seed, purpose).integers(2**63, size=2), stream(other, purpose).integers(2**63, size=2))
    assert same == (seed == other)


@given(seed=st.integers(0, 2**64), purpose=st.text())
def test_an_integer_seed_is_accepted_by_numpy_and_scikit_learn(seed: int, purpose: str) -> None:
    assert 0 <= integer(seed, purpose) < 2**31


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="non-negative"):
        stream(-1, "a")
