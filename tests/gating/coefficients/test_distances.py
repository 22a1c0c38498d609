"""Agreement by any distance, and that of a control's values."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

import label_configs
from sync.gating.coefficients import (
    control_agreement,
    distance_agreement,
    distance_alpha,
    fleiss_kappa,
    krippendorff_alpha,
    ratings,
)


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """1 - |a ∩ b| / |a ∪ b|."""
    return 1 - len(a & b) / len(a | b)


def masi(a: frozenset[str], b: frozenset[str]) -> float:
    """1 - Jaccard's index times 1, 2/3, 1/3 or 0 (Passonneau 2006, section 3)."""
    if a == b:
        return 0.0
    monotone = 2 / 3 if a <= b or b <= a else 1 / 3 if a & b else 0.0
    return 1 - (1 - jaccard(a, b)) * monotone


def of_lists(distance: Any) -> Any:
    """The distance for lists of values."""
    return lambda a, b: np.array([distance(x, y) for x, y in zip(a, b, strict=True)])


def sets_of(seed: int) -> list[tuple[int, int, frozenset[str]]]:
    """Sets of up to three labels that 3 annotators give to 25 items, with gaps."""
    rng = np.random.default_rng(seed)
    truth = rng.random((25, 1, 3)) < 0.5
    given = np.where(rng.random((25, 3, 3)) < 0.2, ~truth, truth)
    given[..., 0] |= ~given.any(axis=2)
    kept = rng.random((25, 3)) < 0.9
    return [
        (int(i), int(a), frozenset(np.array(["x", "y", "z"])[given[i, a]].tolist()))
        for i, a in np.argwhere(kept)
    ]


@pytest.mark.parametrize("distance", [jaccard, masi])
def test_alpha_sum_by_sum(distance: Any) -> None:
    """Alpha is 1 - D_o / D_e with each sum written out (Krippendorff 2013, section 12.3)."""
    for seed in range(20):
        rows = sets_of(seed)
        units = [[v for i, _, v in rows if i == item] for item in range(25)]
        units = [unit for unit in units if len(unit) >= 2]
        every = [value for unit in units for value in unit]
        within = sum(
            2 * distance(a, b) / (len(unit) - 1) for unit in units for a, b in combinations(unit, 2)
        )
        among = sum(2 * distance(a, b) for a, b in combinations(every, 2))
        expected = 1 - within / len(every) / (among / (len(every) * (len(every) - 1)))
        found = distance_alpha(rows, of_lists(distance))
        assert found.value == pytest.approx(expected, abs=1e-9)
        mean = np.mean(
            [np.mean([1 - distance(a, b) for a, b in combinations(unit, 2)]) for unit in units]
        )
        assert distance_agreement(rows, of_lists(distance)).value == pytest.approx(mean)


def test_masi_of_passonneau() -> None:
    """Passonneau, "Measuring agreement on set-valued items", LREC 2006, section 3: the weights."""
    a, b, c = frozenset("ab"), frozenset("abc"), frozenset("bd")
    assert masi(a, a) == 0
    assert masi(a, b) == pytest.approx(1 - 2 / 3 * 2 / 3)
    assert masi(a, c) == pytest.approx(1 - 1 / 3 * 1 / 3)
    assert masi(a, frozenset("d")) == 1


def test_many_values_are_sampled() -> None:
    """With 6,000 distinct values alpha lies within its interval of the exact one, seed by seed."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=2000)
    rows = [(i, a, float(truth[i] + rng.normal() / 2)) for i in range(2000) for a in range(3)]

    def squared(a: Any, b: Any) -> Any:
        return np.subtract(a, b) ** 2 / 100

    exact = krippendorff_alpha(ratings(rows), metric="interval")
    found = [distance_alpha(rows, squared, rng=np.random.default_rng(seed)) for seed in range(5)]
    assert exact.value is not None
    assert len({one.value for one in found}) == 5
    for one in found:
        assert one.value == pytest.approx(exact.value, abs=5e-3)
        assert one.lower is not None
        assert one.upper is not None
        assert one.lower < exact.value < one.upper
    assert distance_alpha(rows, squared) == distance_alpha(rows, squared)


def config_of(control: str) -> label_configs.Control:
    """The control of a label config of one."""
    text = '<Text name="t" value="$text"/>'
    return label_configs.parse(f"<View>{text}{control}</View>").controls[0]


CHOICES = '<Choice value="x"/><Choice value="y"/><Choice value="z"/></Choices>'


def test_a_single_choice() -> None:
    """All coefficients are nominal; each label of the config counts, and so does none at all."""
    control = config_of(f'<Choices name="c" toName="t">{CHOICES}')
    chosen = [("x", "x"), ("x", "y"), ("y", "y"), (None, None), (None, "x")]
    rows = [
        (i, a, None if value is None else frozenset({value}))
        for i, pair in enumerate(chosen)
        for a, value in enumerate(pair)
    ]
    plain = ratings([(i, a, next(iter(value or "-"))) for i, a, value in rows], "xyz-")
    found = control_agreement(control, rows)
    assert found["percent"].value == pytest.approx(3 / 5)
    assert found["krippendorff_alpha"].value == pytest.approx(krippendorff_alpha(plain).value)
    # p_e = Σ π (1 - π) / (4 - 1) with π of x, y, z and none of .4, .3, 0 and .3.
    by_chance = (0.4 * 0.6 + 2 * 0.3 * 0.7) / 3
    assert found["gwet_ac1"].value == pytest.approx((0.6 - by_chance) / (1 - by_chance))


def test_several_choices() -> None:
    """Sets that overlap agree in part, but not for the kappas."""
    control = config_of(f'<Choices name="c" toName="t" choice="multiple">{CHOICES}')
    rows = [(i, a, value) for i, a, value in sets_of(1)]
    found = control_agreement(control, rows)
    names = {value: "".join(sorted(value)) for _, _, value in rows}
    plain = ratings([(i, a, names[value]) for i, a, value in rows])
    alpha, exact = found["krippendorff_alpha"].value, krippendorff_alpha(plain).value
    assert alpha is not None
    assert exact is not None
    assert alpha > exact
    assert found["fleiss_kappa"].value == pytest.approx(fleiss_kappa(plain).value)


def test_numbers_have_no_kappa() -> None:
    """Their alpha is the interval one, and an empty answer has no place in it."""
    control = config_of('<Number name="c" toName="t" min="0" max="10"/>')
    rows = [(i, a, float(i + a * (i % 3 == 0))) for i in range(9) for a in range(2)]
    found = control_agreement(control, [*rows, (9, 0, None), (9, 1, 3.0)])
    expected = krippendorff_alpha(ratings(rows), metric="interval")
    assert found["krippendorff_alpha"] == expected
    assert found["percent"].items == 10
    for name in ("cohen_kappa", "fleiss_kappa", "gwet_ac1"):
        assert found[name].value is None
        assert "Number are no categories" in found[name].reason
