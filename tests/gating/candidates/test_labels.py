"""Precision, recall and confusions of labels, beside scikit-learn."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import label_configs
from sync.gating.bounds import anytime_bounds
from sync.gating.candidates import confusions, label_figures
from sync.records import Answer, Item, Result

LABELS = ("a", "b", "c", "d")
CHOICES = "".join(f'<Choice value="{label}"/>' for label in LABELS)
SINGLE, MULTIPLE = (
    label_configs.parse(
        '<View><Text name="t" value="$text"/>'
        f'<Choices name="label" toName="t" choice="{choice}">{CHOICES}</Choices></View>'
    )
    for choice in ("single", "multiple")
)
START = datetime(2026, 1, 1, tzinfo=UTC)


def result(labels: str, config: label_configs.LabelConfig = SINGLE) -> Result:
    return label_configs.write(config, {"label": frozenset(labels)})


def item(
    number: int,
    candidate: str,
    *answers: str | None,
    config: label_configs.LabelConfig = SINGLE,
) -> Item:
    return Item(
        task_id=number,
        data={},
        candidate=result(candidate, config),
        answers=tuple(
            Answer(
                annotation_id=10 * number + i,
                annotator=i,
                result=None if labels is None else result(labels, config),
                submitted_at=START,
            )
            for i, labels in enumerate(answers)
        ),
    )


def drawn(n: int, seed: int) -> list[tuple[str, str]]:
    """Candidate and answer of n tasks; the candidate is often right."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, n)
    guess = np.where(rng.random(n) < 0.7, truth, rng.integers(0, 4, n))
    return [(LABELS[g], LABELS[t]) for g, t in zip(guess, truth, strict=True)]


@pytest.mark.parametrize("seed", range(20))
def test_one_label_a_task_gives_the_figures_of_scikit_learn(seed: int) -> None:
    """Precision and recall per label equal precision_recall_fscore_support."""
    from sklearn.metrics import precision_recall_fscore_support

    rows = drawn(80, seed)
    found = {f.label: f for f in label_figures([item(i, *r) for i, r in enumerate(rows)], SINGLE)}
    guess, truth = zip(*rows, strict=True)
    precision, recall, _, support = precision_recall_fscore_support(
        truth, guess, labels=LABELS, zero_division=0
    )
    for i, label in enumerate(LABELS):
        assert found[label].precision == pytest.approx(precision[i], abs=1e-12)
        assert found[label].recall == pytest.approx(recall[i], abs=1e-12)
        assert found[label].given == support[i]


@pytest.mark.parametrize("seed", range(5))
def test_several_labels_a_task_give_the_figures_of_scikit_learn(seed: int) -> None:
    """A label of a multiple choice stands at most once on a task, so the figures are equal."""
    from sklearn.metrics import precision_score, recall_score

    rng = np.random.default_rng(seed)
    truth = rng.random((60, 4)) < 0.4
    guess = truth ^ (rng.random((60, 4)) < 0.2)
    truth[:, 0] |= ~truth.any(axis=1)
    guess[:, 0] |= ~guess.any(axis=1)
    texts = [["".join(np.array(LABELS)[row]) for row in table] for table in (guess, truth)]
    items = [item(i, c, a, config=MULTIPLE) for i, (c, a) in enumerate(zip(*texts, strict=True))]
    found = {f.label: f for f in label_figures(items, MULTIPLE)}
    precision = precision_score(truth, guess, average=None)
    recall = recall_score(truth, guess, average=None)
    for i, label in enumerate(LABELS):
        assert found[label].precision == pytest.approx(precision[i], abs=1e-12)
        assert found[label].recall == pytest.approx(recall[i], abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_confusions_are_the_matrix_beside_its_diagonal(seed: int) -> None:
    """Counts equal scikit-learn's confusion_matrix, worst first."""
    from sklearn.metrics import confusion_matrix

    rows = drawn(80, seed)
    found = confusions([item(i, *r) for i, r in enumerate(rows)], SINGLE)
    guess, truth = zip(*rows, strict=True)
    matrix = confusion_matrix(truth, guess, labels=LABELS)
    np.fill_diagonal(matrix, 0)
    ours = np.zeros_like(matrix)
    for c in found:
        assert c.given is not None
        assert c.proposed is not None
        ours[LABELS.index(c.given), LABELS.index(c.proposed)] = c.count
    assert (ours == matrix).all()
    assert all(a.count >= b.count for a, b in pairwise(found))


def test_a_confusion_names_its_tasks() -> None:
    """Examples are the first tasks on which it happened, each once."""
    items = [item(i, "a", "b", "b" if i % 2 else "a") for i in range(20)]
    (found,) = confusions(items, SINGLE)
    assert (found.proposed, found.given, found.count) == ("a", "b", 30)
    assert found.tasks == (0, 1, 2, 3, 4)


def test_precision_is_bounded_within_its_label() -> None:
    """The bounds are those of the label's own tasks, drawn from the label's own population."""
    items = [item(i, "ab"[i % 2], "a") for i in range(40)]
    figures = label_figures(items, SINGLE, confidence=0.9, populations={("label", "a"): 30})
    by_label = {f.label: f for f in figures}
    lower, upper = anytime_bounds([1.0] * 20, 30, 0.9)
    assert by_label["a"].precision_lower == lower[-1]
    assert by_label["a"].precision_upper == upper[-1]
    assert by_label["b"].precision == 0.0


def test_a_skip_confirms_nothing_and_confuses_nothing() -> None:
    """It counts against precision, as it does against acceptance, and is no other label."""
    items = [item(0, "a", None, "a")]
    (figure,) = label_figures(items, SINGLE)
    assert (figure.precision, figure.recall) == (0.5, 1.0)
    assert confusions(items, SINGLE) == ()


def test_a_label_that_candidates_lack_has_no_precision() -> None:
    """It is reported with its recall of 0, and undefined precision is None."""
    found = {f.label: f for f in label_figures([item(0, "a", "b")], SINGLE)}
    assert found["b"].precision is None
    assert found["b"].recall == 0.0
    assert found["a"].recall is None


def test_what_cannot_be_read_counts_as_the_gate_counts_it() -> None:
    """A broken answer is none; a broken candidate proposes nothing, and people's labels stand."""
    broken: Result = [{"from_name": "x"}]
    good = item(0, "a", "a", "a")
    bad_answer = Item(
        task_id=1,
        data={},
        candidate=good.candidate,
        answers=(
            Answer(annotation_id=1, annotator=0, result=broken, submitted_at=START),
            good.answers[1],
        ),
    )
    bad_candidate = Item(task_id=2, data={}, candidate=broken, answers=good.answers)
    (figure,) = label_figures([good, bad_answer, bad_candidate], SINGLE)
    assert (figure.proposed, figure.confirmed, figure.given) == (3, 3, 5)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(LABELS), st.lists(st.sampled_from([*LABELS, None]), min_size=1, max_size=3)
    ),
    min_size=1,
    max_size=15,
)


@settings(deadline=None, max_examples=30, derandomize=True)
@given(ROWS, st.randoms(use_true_random=False))
def test_estimates_do_not_depend_on_the_order(rows: list, random) -> None:  # type: ignore[type-arg,no-untyped-def]
    """Counts, precision, recall and confusions are the same in any order of tasks and people."""
    items = [item(i, c, *answers) for i, (c, answers) in enumerate(rows)]
    mixed = [
        item(i, c, *random.sample(answers, len(answers))) for i, (c, answers) in enumerate(rows)
    ]
    random.shuffle(mixed)

    def figures(of: list[Item]) -> list[tuple[object, ...]]:
        return [
            (f.label, f.proposed, f.confirmed, f.given, _near(f.precision), _near(f.recall))
            for f in label_figures(of, SINGLE)
        ]

    assert figures(items) == figures(mixed)
    ours, theirs = confusions(items, SINGLE), confusions(mixed, SINGLE)
    assert [(c.proposed, c.given, c.count) for c in ours] == [
        (c.proposed, c.given, c.count) for c in theirs
    ]


def _near(value: float | None) -> float | None:
    return None if value is None else round(value, 9)
