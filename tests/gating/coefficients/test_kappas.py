"""Percent agreement, the kappas, AC1 and AC2, against published examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

import numpy as np
import numpy.typing as npt
import pytest

from sync.gating.coefficients import (
    Ratings,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    pairwise_kappas,
    percent_agreement,
    ratings,
    scott_pi,
)

Table = npt.NDArray[np.float64]
RatingsOf = Callable[[Table], Ratings]


def of_two(cells: Sequence[Sequence[int]]) -> Ratings:
    """Ratings of a table that counts what the first (row) and the second annotator said."""
    item = count()
    rows = []
    for a, line in enumerate(cells):
        for b, times in enumerate(line):
            for _ in range(times):
                i = next(item)
                rows += [(i, "first", a), (i, "second", b)]
    return ratings(rows, categories=range(len(cells)))


def test_cohen_1960() -> None:
    """Cohen, Educational and Psychological Measurement 20 (1960), table 1: kappa is .492."""
    cells = of_two([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
    assert percent_agreement(cells).value == pytest.approx(0.70)
    assert cohen_kappa(cells).value == pytest.approx(0.492, abs=5e-4)


def test_fleiss_1971() -> None:
    """Fleiss, Psychological Bulletin 76 (1971), table 1: 30 patients, six diagnoses: .430."""
    # Depression, personality disorder, schizophrenia, neurosis, other.
    lines = (
        "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 "
        "00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
    )
    rows = []
    for item, line in enumerate(lines.split()):
        said = [category for category in range(5) for _ in range(int(line[category]))]
        rows += [(item, annotator, category) for annotator, category in enumerate(said)]
    found = fleiss_kappa(ratings(rows))
    assert found.value == pytest.approx(0.430, abs=5e-4)
    assert scott_pi(ratings(rows)).value == pytest.approx(found.value)
    assert percent_agreement(ratings(rows)).value == pytest.approx(0.5556, abs=5e-5)


def test_gwet_2008() -> None:
    """Gwet, Br. J. Math. Stat. Psychol. 61 (2008), section 2: kappa -.0234 beside AC1 .9408."""
    cells = of_two([[118, 5], [2, 0]])
    assert cohen_kappa(cells).value == pytest.approx(-0.0234, abs=5e-5)
    assert scott_pi(cells).value == pytest.approx(-0.0288, abs=5e-5)
    assert gwet_ac1(cells).value == pytest.approx(0.9408, abs=5e-5)


def test_two_abstractors() -> None:
    """Gwet's Handbook, 4th ed., data `cont3x3abstractors` of its package irrCAC."""
    cells = of_two([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    assert cohen_kappa(cells).value == pytest.approx(0.7964094, abs=5e-8)
    assert scott_pi(cells).value == pytest.approx(0.7962397, abs=5e-8)
    assert gwet_ac1(cells).value == pytest.approx(0.8493305, abs=5e-8)


def test_four_observers_with_gaps(observers: Table, ratings_of: RatingsOf) -> None:
    """Gwet's Handbook, 4th ed., p. 120: percent .81818, Fleiss .76117, AC1 .77544, AC2 .914."""
    given = ratings_of(observers)
    assert percent_agreement(given).value == pytest.approx(0.81818, abs=5e-6)
    assert fleiss_kappa(given).value == pytest.approx(0.76117, abs=5e-6)
    assert gwet_ac1(given).value == pytest.approx(0.77544, abs=5e-6)
    assert gwet_ac2(given).value == pytest.approx(0.914, abs=5e-6)


def test_five_observers_with_gaps() -> None:
    """Gwet's Handbook, 5th ed., 2021, p. 165: AC1 is .5021, quadratic AC2 .8224."""
    lines = (
        "112-2 1101- 2333- -00-0 000-0 000-0 102-1 1-20- 222-2 2111- "
        "-100- 0000- 1222- 33223 111-1 111-1 212-2 1233- 1101- 000-0"
    )
    rows = [
        (item, annotator, int(said))
        for item, line in enumerate(lines.split())
        for annotator, said in enumerate(line)
        if said != "-"
    ]
    assert gwet_ac1(ratings(rows)).value == pytest.approx(0.5021, abs=5e-5)
    assert gwet_ac2(ratings(rows), weights="quadratic").value == pytest.approx(0.8224, abs=5e-5)


def test_pairs_of_three(observers: Table, ratings_of: RatingsOf) -> None:
    """Each pair's kappa is that of the two alone; the overall one is their weighted mean."""
    pairs = pairwise_kappas(ratings_of(observers))
    assert list(pairs) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    for (a, b), found in pairs.items():
        alone = cohen_kappa(ratings_of(observers[[a, b]]))
        assert (found.value, found.lower, found.items) == pytest.approx(
            (alone.value, alone.lower, alone.items)
        )
    total = sum(found.items for found in pairs.values())
    mean = sum(found.items * (found.value or 0) for found in pairs.values()) / total
    assert cohen_kappa(ratings_of(observers)).value == pytest.approx(mean)


@pytest.mark.parametrize("function", [cohen_kappa, gwet_ac2])
def test_unknown_weights_are_named(function: Callable[..., object]) -> None:
    """The message lists those that are known."""
    with pytest.raises(ValueError, match=r"'cubic'.*nominal, linear, quadratic"):
        function(ratings([(1, 1, 1), (1, 2, 2)]), weights="cubic")
