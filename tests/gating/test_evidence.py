"""What counts as evidence, whoever labels what in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

import label_configs
from sync.gating.criteria import batch_bounds
from sync.gating.gate import gate
from sync.gating.policy import GatePolicy, from_dict
from sync.gating.verdict import State, Verdict
from sync.records import Answer, Evidence, GoldTask, Result, Role, SampledTask

CONFIG = label_configs.parse(label_configs.load("text_classification"))
LABELS = ("positive", "negative")
START = datetime(2026, 1, 1, tzinfo=UTC)
UNREADABLE: Result = [{"from_name": "x"}]


def result(label: str) -> Result:
    return label_configs.write(CONFIG, {"label": frozenset({label})})


def task(position: int, *results: Result | None, people: tuple[int, ...] = (0, 1)) -> SampledTask:
    """A blind task whose candidate is positive or negative in turn."""
    return SampledTask(
        task_id=100 + position,
        position=position,
        role=Role.BLIND,
        candidate=result(LABELS[position % 2]),
        answers=tuple(
            Answer(
                annotation_id=position * 10 + i,
                annotator=people[i],
                result=given,
                submitted_at=START + timedelta(seconds=position * 10 + i),
            )
            for i, given in enumerate(results)
        ),
    )


def right(position: int) -> SampledTask:
    own = result(LABELS[position % 2])
    return task(position, own, own)


def gold(count: int) -> tuple[GoldTask, ...]:
    return tuple(
        GoldTask(task_id=i, result=result("positive"), answers=right(1000 + 2 * i).answers)
        for i in range(count)
    )


def judge(
    sample: list[SampledTask], known: tuple[GoldTask, ...] = (), policy: GatePolicy | None = None
) -> Verdict:
    policy = policy or GatePolicy()
    evidence = Evidence(
        batch="b7",
        population=2000,
        overlap=policy.sample.overlap,
        sample=tuple(sample),
        queue_length=len(sample),
        gold=known,
    )
    return gate(evidence, policy, CONFIG)


def test_one_person_is_one_answer() -> None:
    """Two annotations by the same person do not complete an overlap of two."""
    own = result("positive")
    assert judge([task(0, own, own, people=(0, 0))]).blind_answered == 0
    assert judge([task(0, own, own, people=(0, 1))]).blind_answered == 1


def test_a_candidate_that_cannot_be_read_is_not_confirmed() -> None:
    """It counts as 0 and is set aside under its task, instead of blocking the queue."""
    verdict = judge([replace(right(0), candidate=UNREADABLE), right(1)])
    assert (verdict.blind_answered, verdict.accepted) == (2, 1.0)
    assert [number for number, _ in verdict.set_aside] == [100]


def test_a_control_left_empty_is_no_agreement() -> None:
    """Where one of two people submits nothing, they do not agree."""
    full = judge([right(i) for i in range(40)]).criterion("agreement")
    half = judge(
        [right(i) if i % 4 else task(i, result(LABELS[i % 2]), []) for i in range(40)]
    ).criterion("agreement")
    assert full is not None
    assert full.estimate == 1.0
    assert half is not None
    assert half.estimate is not None
    assert half.estimate < 0.8


def test_labels_are_asked_for_gold_alone_when_only_gold_is_open() -> None:
    """A queue that has settled its criteria is not asked for, though it is not finished."""
    sample = [right(i) for i in range(80)] + [task(i) for i in range(80, 90)]
    unanswered = tuple(replace(g, answers=()) for g in gold(12))
    verdict = judge(sample, unanswered)
    assert verdict.state is State.MORE
    assert verdict.extend_to is None
    assert verdict.labels_left == 12 * 2
    # Fourteen tasks are needed at best: 0.85 takes 28 right answers.
    assert "add 2 or more (assay gold add)" in verdict.sentence


def test_before_any_answer_the_queue_is_what_is_left() -> None:
    """Nothing can be foreseen yet, so the labels left are those that the queue lacks."""
    verdict = judge([task(i) for i in range(48)], gold(0))
    assert (verdict.state, verdict.labels_left) == (State.MORE, 96)


def test_one_annotator_needs_no_agreement() -> None:
    """With overlap 1 and coefficient none, single answers decide."""
    values = {"gate": {"agreement": {"coefficient": "none"}}, "sample": {"overlap": 1}}
    sample = [task(i, result(LABELS[i % 2])) for i in range(80)]
    verdict = judge(sample, policy=from_dict(values))
    assert [criterion.name for criterion in verdict.criteria] == ["acceptance", "gold"]
    acceptance = verdict.criterion("acceptance")
    assert acceptance is not None
    assert acceptance.state is State.PASS


def test_low_risk_asks_for_gold_alone() -> None:
    """Risk low has no criterion on blind tasks, and asks for no labels on them."""
    verdict = judge([task(0), task(1)], policy=from_dict({"gate": {"risk": "low"}}))
    assert [criterion.name for criterion in verdict.criteria] == ["gold"]
    assert verdict.labels_left == 0


@settings(deadline=None, max_examples=40)
@given(st.lists(st.booleans(), min_size=1, max_size=25), st.data())
def test_what_lies_behind_the_gap_decides_nothing(done: list[bool], data: st.DataObject) -> None:
    """Whatever is answered behind the first open task, no bound on candidates moves."""
    sample = [right(i) if answered else task(i) for i, answered in enumerate(done)]
    gap = done.index(False) if False in done else len(done)
    behind = [
        task(t.position, *data.draw(st.sampled_from([(), (None, None), (result("other"),) * 2])))
        for t in sample[gap + 1 :]
    ]
    before = judge(sample)
    after = judge(sample[: gap + 1] + behind)
    assert before.criterion("acceptance") == after.criterion("acceptance")
    assert before.criterion("agreement") == after.criterion("agreement")
    assert before.blind_answered == after.blind_answered == gap


def test_a_mean_that_is_known_reaches_a_threshold_that_it_equals() -> None:
    """Of three tasks with five people each, twelve of fifteen answers confirm: that is 0.8."""
    # As floats, the mean of 0.6, 0.8 and 1.0 is less than 0.8.
    assert batch_bounds([3 / 5, 4 / 5, 5 / 5], 3, 0.95) == (0.8, 0.8)


STARS = label_configs.parse(
    '<View><Text name="t" value="$text"/><Rating name="stars" toName="t"/>'
    '<Choices name="tone" toName="t"><Choice value="up"/><Choice value="down"/></Choices></View>'
)


def starred(position: int, second: int | None) -> SampledTask:
    """Two people agree on the tone; the first one gives some stars."""
    tone = frozenset({("up", "down")[position % 2]})
    own = {"tone": tone, "stars": position % 5 + 1}
    other = {"tone": tone, "stars": second}
    results = [label_configs.write(STARS, values) for values in (own, own, other)]
    return replace(task(position, *results[1:]), candidate=results[0])


def test_stars_that_one_of_two_people_leaves_empty_are_no_agreement() -> None:
    """A scale has no place for an empty answer, but it does not agree with one that is not."""
    policy = GatePolicy()

    def state(second: list[int | None]) -> State:
        sample = tuple(starred(i, given) for i, given in enumerate(second))
        evidence = Evidence(
            batch="b", population=2000, overlap=2, sample=sample, queue_length=len(sample)
        )
        found = gate(evidence, policy, STARS).criterion("agreement")
        assert found is not None
        return found.state

    same: list[int | None] = [i % 5 + 1 for i in range(60)]
    assert state(same) is State.PASS
    assert state([*same[:59], None]) is State.PASS
    assert state([None] * 60) is State.HOLD
    assert state([given if i % 2 else None for i, given in enumerate(same)]) is not State.PASS


def test_deleted_gold_is_waited_for_by_nobody() -> None:
    """Twenty gold tasks that are gone unanswered ask for new gold; answers given before stay."""
    sample = [right(position) for position in range(80)]
    gone = tuple(replace(known, answers=(), deleted=True) for known in gold(20))
    verdict = judge(sample, gone)
    assert verdict.state is State.MORE
    assert "assay gold add" in verdict.sentence
    assert verdict.labels_left == 0
    answered = tuple(replace(known, deleted=True) for known in gold(20))
    assert judge(sample, answered).criterion("gold") == judge(sample, gold(20)).criterion("gold")
