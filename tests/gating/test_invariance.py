"""A verdict does not depend on what labels, people and tasks are called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

import label_configs
from sync.gating.gate import gate
from sync.gating.policy import from_dict
from sync.gating.verdict import Verdict
from sync.records import Answer, Evidence, Result, Role, SampledTask

START = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = from_dict(
    {
        "gate": {
            "acceptance": {"min": 0.5},
            "agreement": {"min": 0.1},
            "labels": {"min_precision": 0.3},
            "slice": [{"field": "locale", "min": 0.3}],
        }
    }
)
ROW = st.tuples(
    st.integers(0, 2),
    st.lists(st.one_of(st.none(), st.integers(0, 2)), min_size=2, max_size=2),
    st.integers(0, 1),
)


def judged(
    rows: list[tuple[int, list[int | None], int]],
    labels: tuple[str, str, str],
    people: tuple[int, int],
    first: int,
) -> Verdict:
    config = label_configs.parse(
        '<View><Text name="t" value="$text"/><Choices name="l" toName="t">'
        + "".join(f'<Choice value="{label}"/>' for label in sorted(labels))
        + "</Choices></View>"
    )

    def result(label: int) -> Result:
        return label_configs.write(config, {"l": frozenset({labels[label]})})

    sample = tuple(
        SampledTask(
            task_id=first + i,
            position=i,
            role=Role.BLIND,
            candidate=result(candidate),
            answers=tuple(
                Answer(
                    annotation_id=100 * first + 2 * i + k,
                    annotator=people[k],
                    result=None if label is None else result(label),
                    submitted_at=START + timedelta(seconds=i),
                )
                for k, label in enumerate(given)
            ),
            data={"locale": "ab"[locale]},
        )
        for i, (candidate, given, locale) in enumerate(rows)
    )
    evidence = Evidence(
        batch="b", population=500, overlap=2, sample=sample, queue_length=len(sample)
    )
    return gate(evidence, POLICY, config)


def numbers(verdict: Verdict) -> list[object]:
    """Everything but names, to nine digits."""
    found: list[object] = [verdict.state, verdict.accepted, verdict.labels_left]
    for c in verdict.criteria:
        found += [c.name, c.state, _near(c.estimate), _near(c.lower), _near(c.upper), c.n]
        parts = [(p.state, _near(p.lower), _near(p.upper), p.n, p.judged) for p in c.parts]
        found.append(sorted(parts, key=repr))
    return found


def _near(value: float | None) -> float | None:
    return None if value is None else round(value, 9)


@settings(deadline=None, max_examples=25, derandomize=True)
@given(st.lists(ROW, min_size=3, max_size=25))
def test_names_change_nothing(rows: list[tuple[int, list[int | None], int]]) -> None:
    """Other names of labels, other ids of people and tasks: the same numbers."""
    plain = judged(rows, ("a", "b", "c"), (1, 2), 100)
    renamed = judged(rows, ("z", "m", "a"), (9, 4), 7000)
    assert numbers(plain) == numbers(renamed)


@settings(deadline=None, max_examples=25, derandomize=True)
@given(st.lists(ROW, min_size=3, max_size=25))
def test_the_order_of_people_changes_nothing(rows: list[tuple[int, list[int | None], int]]) -> None:
    """Who of two answered a task first is all the same, where both answers count."""
    swapped = [(candidate, given[::-1], locale) for candidate, given, locale in rows]
    assert numbers(judged(rows, ("a", "b", "c"), (1, 2), 100)) == numbers(
        judged(swapped, ("a", "b", "c"), (1, 2), 100)
    )


@settings(deadline=None, max_examples=25, derandomize=True)
@given(st.lists(ROW, min_size=3, max_size=25))
def test_every_bound_brackets_its_estimate_or_says_why(
    rows: list[tuple[int, list[int | None], int]],
) -> None:
    """Bounds lie in [-1, 1] in order; a part that is too rare is MORE."""
    for criterion in judged(rows, ("a", "b", "c"), (1, 2), 100).criteria:
        for found in (criterion, *criterion.parts):
            if found.lower is not None and found.upper is not None:
                assert -1 <= found.lower <= found.upper <= 1
        assert all(part.judged or part.state == "MORE" for part in criterion.parts)
