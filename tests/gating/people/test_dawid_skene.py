"""Dawid & Skene's estimates: their own example, an independent library, and simulated truth."""

from __future__ import annotations

import warnings
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from sync.gating.coefficients.ratings import Ratings, ratings
from sync.gating.people.dawid_skene import dawid_skene

#: Dawid & Skene (1979), table 1: what five anaesthetists said of 45 patients, the first of them
#: three times.
TABLE_1 = """
111 1 1 1 1|333 4 3 3 4|112 2 1 2 2|222 3 1 2 1|222 3 2 2 2|222 3 3 2 2|122 2 1 1 1|333 3 4 3 3
222 2 2 2 3|232 2 2 2 3|444 4 4 4 4|222 3 3 4 3|111 1 1 1 1|222 3 2 1 2|121 1 1 1 1|111 2 1 1 1
111 1 1 1 1|111 1 1 1 1|222 2 2 2 1|222 1 3 2 2|222 2 2 2 2|222 2 2 2 1|222 3 2 2 2|221 2 2 2 2
111 1 1 1 1|111 1 1 1 1|232 2 2 2 2|111 1 1 1 1|111 1 1 1 1|112 1 1 2 1|111 1 1 1 1|333 3 2 3 3
111 1 1 1 1|222 2 2 2 2|222 3 2 3 2|433 4 3 4 3|221 2 2 3 2|232 3 2 3 3|333 3 4 3 2|111 1 1 1 1
111 1 1 1 1|121 2 1 1 1|232 2 2 2 2|121 1 1 1 1|222 2 2 2 2
"""
#: Table 2: the error rates of each anaesthetist, in rows of the true category.
TABLE_2 = [
    [[0.89, 0.11, 0, 0], [0.07, 0.88, 0.05, 0], [0, 0.34, 0.66, 0], [0, 0, 0.56, 0.44]],
    [[0.83, 0.17, 0, 0], [0.05, 0.63, 0.31, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
    [[1, 0, 0, 0], [0.11, 0.79, 0.11, 0], [0, 0.4, 0.2, 0.4], [0, 0, 0.67, 0.33]],
    [[0.94, 0.06, 0, 0], [0.05, 0.84, 0.10, 0], [0, 0, 0.8, 0.2], [0, 0, 0.33, 0.67]],
    [[1, 0, 0, 0], [0.16, 0.73, 0.11, 0], [0, 0.21, 0.79, 0], [0, 0, 0.33, 0.67]],
]


def anaesthetists() -> Ratings:
    rows = [
        (patient, observer, int(answer))
        for patient, cell in enumerate(TABLE_1.replace("\n", "|").strip("|").split("|"))
        for observer, answers in enumerate(cell.split())
        for answer in answers
    ]
    # Built by hand, since `ratings` takes one answer of each annotator.
    items, annotators, values = np.array(rows).T
    return Ratings(
        items=items,
        annotators=annotators,
        values=values - 1,
        annotator_names=tuple(range(5)),
        item_names=tuple(range(45)),
        categories=(1, 2, 3, 4),
    )


def simulated(rng: np.random.Generator, items: int, people: int, labels: int) -> Ratings:
    """Three of the people answer each item, and most of what they say is true."""
    truth = np.repeat(rng.integers(labels, size=items), 3)
    who = np.concatenate([rng.choice(people, 3, replace=False) for _ in range(items)])
    wrong = rng.random(items * 3) < rng.uniform(0.05, 0.4, people)[who]
    said = np.where(wrong, rng.integers(labels, size=items * 3), truth)
    return ratings(
        zip(np.repeat(np.arange(items), 3).tolist(), who.tolist(), said.tolist(), strict=True),
        range(labels),
    )


@pytest.fixture(scope="module")
def crowdkit() -> ModuleType:
    """An independent implementation."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import crowdkit.aggregation

        return crowdkit.aggregation


def test_the_example_of_the_paper() -> None:
    """The anaesthetists' error rates and the classes' shares are those of tables 2 and 3."""
    found = dawid_skene(anaesthetists(), smoothing=1e-10, tolerance=1e-12)
    assert found.prior == pytest.approx([0.40, 0.42, 0.11, 0.07], abs=0.005)
    assert found.confusion == pytest.approx(np.array(TABLE_2), abs=0.0051)


def test_the_posteriors_of_the_paper() -> None:
    """Patient 7 is of class 1 at .98, patient 35 of class 2 at .95, patient 38 of 3 at .98."""
    found = dawid_skene(anaesthetists(), smoothing=1e-10, tolerance=1e-12)
    assert found.posteriors[[6, 34, 37], [0, 1, 2]] == pytest.approx([0.98, 0.95, 0.98], abs=0.005)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("iterations", [1, 5, 20])
def test_an_independent_library_agrees(crowdkit: ModuleType, iterations: int) -> None:
    """Posteriors, priors and error rates are crowd-kit's after as many iterations."""
    import pandas as pd

    data = simulated(np.random.default_rng(5), 400, 12, 4)
    frame = pd.DataFrame({"task": data.items, "worker": data.annotators, "label": data.values})
    theirs = crowdkit.DawidSkene(n_iter=iterations, tol=-np.inf).fit(frame)
    ours = dawid_skene(data, smoothing=1e-10, tolerance=-np.inf, most=iterations)
    assert ours.posteriors == pytest.approx(
        theirs.probas_.sort_index()[range(4)].to_numpy(), abs=1e-6
    )
    # Their parameters come from the posteriors, ours from those before.
    after = dawid_skene(data, smoothing=1e-10, tolerance=-np.inf, most=iterations + 1)
    assert after.prior == pytest.approx(theirs.priors_[range(4)].to_numpy(), abs=1e-6)
    for (worker, label), row in theirs.errors_[range(4)].iterrows():
        assert after.confusion[worker, :, label] == pytest.approx(row.to_numpy(), abs=1e-6)


def test_the_log_likelihood_is_that_of_the_answers() -> None:
    """It equals the sum over items of log Σ_j p_j Π π, taken answer by answer."""
    data = simulated(np.random.default_rng(2), 30, 5, 3)
    found = dawid_skene(data, most=3, tolerance=-np.inf)
    total = 0.0
    for item in range(30):
        rows = np.flatnonzero(data.items == item)
        factors = [found.confusion[data.annotators[r], :, data.values[r]] for r in rows]
        total += np.log((found.prior * np.prod(factors, axis=0)).sum())
    assert found.log_likelihood == pytest.approx(total, rel=1e-12)


@seed(1)
@given(st.integers(0, 10_000))
def test_the_likelihood_never_falls(number: int) -> None:
    """More iterations never make the answers less likely."""
    data = simulated(np.random.default_rng(number), 20, 4, 3)
    steps = [dawid_skene(data, smoothing=1e-10, tolerance=-np.inf, most=n) for n in range(1, 8)]
    found = [step.log_likelihood for step in steps]
    assert all(b >= a - 1e-6 for a, b in pairwise(found))


def test_competence_is_recovered() -> None:
    """On 20,000 simulated items each annotator's share of right answers is found within .01."""
    rng = np.random.default_rng(3)
    right = np.array([0.95, 0.9, 0.8, 0.7, 0.4])
    truth = rng.integers(3, size=20_000)
    off = rng.integers(1, 3, size=(5, 20_000))
    said = np.where(rng.random((5, 20_000)) < right[:, None], truth, (truth + off) % 3)
    rows = [(i, a, int(said[a, i])) for a in range(5) for i in range(20_000)]
    assert dawid_skene(ratings(rows, range(3))).competence == pytest.approx(right, abs=0.01)


def test_what_is_known_is_kept() -> None:
    """An item whose truth is known has it for certain, whatever people say of it."""
    data = simulated(np.random.default_rng(4), 50, 6, 3)
    known = np.full(50, -1)
    known[:2] = [2, 0]
    found = dawid_skene(data, known=known)
    assert found.posteriors[:2].tolist() == [[0, 0, 1], [1, 0, 0]]
    assert np.isfinite(found.log_likelihood)
    assert found.posteriors.sum(axis=1) == pytest.approx(np.ones(50))


def test_the_order_of_the_answers_does_not_matter() -> None:
    """Rows in another order give the same estimates."""
    rng = np.random.default_rng(6)
    rows = [(i, a, int(rng.integers(3))) for i in range(40) for a in range(4)]
    one = dawid_skene(ratings(rows, range(3)))
    mixed = [rows[i] for i in rng.permutation(len(rows))]
    other = ratings(mixed, range(3))
    found = dawid_skene(other)
    assert found.log_likelihood == pytest.approx(one.log_likelihood)
    order = np.argsort([int(name) for name in other.item_names])
    assert found.posteriors[order] == pytest.approx(one.posteriors, abs=1e-5)


def test_what_cannot_be_fitted_is_refused() -> None:
    """No ratings, a smoothing of 0, no iteration, and truths of another length are errors."""
    data = ratings([(1, 1, "a"), (1, 2, "b")])
    with pytest.raises(ValueError, match="no ratings"):
        dawid_skene(ratings([], ["a"]))
    with pytest.raises(ValueError, match="smoothing is 0"):
        dawid_skene(data, smoothing=0)
    with pytest.raises(ValueError, match="most is 0"):
        dawid_skene(data, most=0)
    with pytest.raises(ValueError, match="known has shape"):
        dawid_skene(data, known=np.array([0, 1]))
