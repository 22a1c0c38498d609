"""Anchoring, its intervals beside the literature and statsmodels, and its silence when small."""

from __future__ import annotations

from datetime import UTC, datetime
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import label_configs
from sync.gating.candidates.anchoring import NEEDED, Arms, Seen, anchoring, arms, pooled
from sync.gating.candidates.intervals import difference, median_ratio
from sync.records import Answer, Evidence, Result, Role, SampledTask

CONFIG = label_configs.parse(label_configs.load("text_classification"))


@pytest.mark.parametrize(
    ("a", "m", "b", "n", "lower", "upper"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0),
    ],
)
def test_differences_are_those_of_newcombe(
    a: int, m: int, b: int, n: int, lower: float, upper: float
) -> None:
    """Newcombe (1998), Statistics in Medicine 17:873-890, table II, method 10."""
    found = difference(a / m, m, b / n, n, 0.95)
    assert found[1:] == (pytest.approx(lower, abs=5e-5), pytest.approx(upper, abs=5e-5))


@pytest.mark.parametrize("seed", range(20))
def test_differences_are_those_of_statsmodels(seed: int) -> None:
    """confint_proportions_2indep with method newcomb gives the same interval."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, 200, 2)
    a, b = rng.integers(0, m + 1), rng.integers(0, n + 1)
    theirs = confint_proportions_2indep(a, m, b, n, method="newcomb", compare="diff", alpha=0.1)
    ours = difference(a / m, int(m), b / n, int(n), 0.9)
    assert ours[1:] == pytest.approx(theirs, abs=1e-9)


def test_about_138_tasks_an_arm_find_ten_points() -> None:
    """With NEEDED tasks an arm, 85% and 95% are told apart in about 80% of runs."""
    rng = np.random.default_rng(3)
    blind, shown = rng.binomial(NEEDED, 0.85, 2000), rng.binomial(NEEDED, 0.95, 2000)
    found = [
        difference(s / NEEDED, NEEDED, b / NEEDED, NEEDED, 0.95)[1] > 0
        for s, b in zip(shown, blind, strict=True)
    ]
    assert np.mean(found) == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize("n", [20, 100])
def test_ratios_of_medians_cover_what_they_say(n: int) -> None:
    """For log-normal times the 95% interval holds the true ratio in 93 to 98% of 1,000 runs."""
    rng = np.random.default_rng(n)
    covered = 0
    for _ in range(1000):
        x = np.exp(rng.normal(log(6), 0.8, n))
        y = np.exp(rng.normal(log(10), 0.6, 2 * n))
        _, lower, upper = median_ratio(x, y, 0.95)
        covered += lower <= 0.6 <= upper
    assert 930 <= covered <= 980


@settings(deadline=None, max_examples=40, derandomize=True)
@given(
    st.lists(st.floats(0.1, 1e4), min_size=5, max_size=30),
    st.lists(st.floats(0.1, 1e4), min_size=5, max_size=30),
    st.floats(0.01, 100),
)
def test_a_ratio_does_not_depend_on_the_unit(x: list[float], y: list[float], k: float) -> None:
    """Minutes instead of seconds give the same ratio; swapped, it is the inverse."""
    plain = median_ratio(x, y, 0.9)
    assert median_ratio([k * v for v in x], [k * v for v in y], 0.9) == pytest.approx(plain)
    swapped = median_ratio(y, x, 0.9)
    assert [1 / swapped[0], 1 / swapped[2], 1 / swapped[1]] == pytest.approx(list(plain))


def result(label: str) -> Result:
    return label_configs.write(CONFIG, {"label": frozenset({label})})


def task(position: int, role: Role, *labels: str | None, seconds: float = 10) -> SampledTask:
    return SampledTask(
        task_id=position,
        position=position,
        role=role,
        candidate=result("positive"),
        answers=tuple(
            Answer(
                annotation_id=10 * position + i,
                annotator=i,
                result=None if label is None else result(label),
                submitted_at=datetime(2026, 1, 1, tzinfo=UTC),
                lead_time=seconds,
            )
            for i, label in enumerate(labels)
        ),
    )


def evidence(*tasks: SampledTask, generator: str = "g") -> Evidence:
    return Evidence(
        batch="b",
        population=1000,
        overlap=2,
        sample=tasks,
        queue_length=len(tasks),
        generator=generator,
    )


def test_arms_count_tasks_and_leave_skips_out() -> None:
    """A task counts once with the share of its answers that equal the candidate."""
    found = arms(
        evidence(
            task(0, Role.BLIND, "positive", "negative"),
            task(1, Role.BLIND, None, "positive"),
            task(2, Role.BLIND, None),
            task(3, Role.BLIND),
            task(4, Role.SHOWN, "positive", seconds=4),
        ),
        CONFIG,
    )
    assert [seen.same for seen in found.blind] == [0.5, 1.0]
    assert found.shown == (Seen(same=1.0, seconds=4),)


def many(same: int, other: int, seconds: float) -> tuple[Seen, ...]:
    return (Seen(same=1.0, seconds=seconds),) * same + (Seen(same=0.0, seconds=seconds),) * other


def test_a_clear_effect_is_told_with_the_time_saved() -> None:
    """150 tasks an arm, 80% and 98%: the interval lies above 0, and half the time is saved."""
    found = anchoring(
        Arms(generator="g", blind=many(120, 30, 10), shown=many(147, 3, 5)), confidence=0.95
    )
    assert found.effect is not None
    assert found.time_ratio is not None
    assert found.effect.value == pytest.approx(0.18)
    assert found.effect.lower > 0
    assert found.time_ratio.value == pytest.approx(0.5)
    assert "18 points more often" in found.sentence
    assert "50% of a blind one's time" in found.sentence


def test_few_tasks_tell_nothing() -> None:
    """Below the stated power the figures stand there, and the sentence claims nothing."""
    found = anchoring(Arms(generator="g", blind=many(40, 10, 10), shown=many(12, 0, 5)))
    assert found.effect is not None
    assert not found.enough
    assert "too few to tell" in found.sentence
    empty = anchoring(Arms(generator="g", blind=(), shown=many(3, 0, 5)))
    assert (empty.effect, empty.time_ratio) == (None, None)


def test_batches_are_pooled_by_generator() -> None:
    """Two batches of one generator are one; another generator stands alone."""
    batches = [
        Arms(generator=g, blind=many(100, 0, 10), shown=many(100, 0, 5)) for g in ("a", "b", "a")
    ]
    first, second = pooled(batches)
    assert (first.generator, first.blind, first.enough) == ("a", 200, True)
    assert (second.generator, second.blind, second.enough) == ("b", 100, False)


def test_the_order_of_tasks_changes_nothing() -> None:
    """Arms are sets of tasks."""
    blind, shown = many(7, 3, exp(2)), many(9, 1, exp(1))
    mixed = Arms(generator="g", blind=blind[::-1], shown=shown[::-1])
    assert anchoring(mixed) == anchoring(Arms(generator="g", blind=blind, shown=shown))
