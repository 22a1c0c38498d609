"""The gate, from hand-made evidence."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import label_configs
from sync.gating.gate import gate
from sync.gating.policy import GatePolicy, from_dict
from sync.gating.verdict import State, Verdict
from sync.records import Answer, Evidence, GoldTask, Result, Role, SampledTask

CONFIG = label_configs.parse(label_configs.load("text_classification"))
START = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = from_dict({"gate": {"gold": {"min": 0.7, "min_tasks": 5}}})


def result(label: str) -> Result:
    return label_configs.write(CONFIG, {"label": frozenset({label})})


def answer(number: int, annotator: int, label: str | None) -> Answer:
    return Answer(
        annotation_id=number,
        annotator=annotator,
        result=None if label is None else result(label),
        submitted_at=START + timedelta(seconds=number),
    )


def task(position: int, *labels: str | None, role: Role = Role.BLIND) -> SampledTask:
    """A task whose candidate is positive or negative in turn; `=` answers with the candidate."""
    own = ("positive", "negative")[position % 2]
    given = [own if label == "=" else label for label in labels]
    return SampledTask(
        task_id=100 + position,
        position=position,
        role=role,
        candidate=result(own),
        answers=tuple(answer(position * 10 + i, i, label) for i, label in enumerate(given)),
    )


def gold(count: int, right: bool = True) -> tuple[GoldTask, ...]:
    label = "positive" if right else "negative"
    return tuple(
        GoldTask(
            task_id=i,
            result=result("positive"),
            answers=(answer(10_000 + 2 * i, 0, label), answer(10_001 + 2 * i, 1, label)),
        )
        for i in range(count)
    )


def evidence(*sample: SampledTask, known: tuple[GoldTask, ...] | None = None) -> Evidence:
    return Evidence(
        batch="b7",
        population=2000,
        overlap=2,
        sample=sample,
        queue_length=len(sample),
        gold=gold(20) if known is None else known,
    )


def judge(ev: Evidence, policy: GatePolicy = POLICY) -> Verdict:
    return gate(ev, policy, CONFIG)


def open_end(count: int, start: int) -> list[SampledTask]:
    """Tasks that nobody has answered, so that the sample is not used up."""
    return [task(start + i) for i in range(count)]


def test_a_batch_that_people_confirm_passes() -> None:
    """Eighty confirmed blind candidates, good gold and agreement are a PASS."""
    verdict = judge(evidence(*[task(i, "=", "=") for i in range(80)], *open_end(5, 80)))
    assert verdict.state is State.PASS
    assert verdict.sentence.startswith("PASS: at least 9")


def test_a_batch_that_people_correct_is_held() -> None:
    """With half of the candidates corrected the upper bound falls below the threshold."""
    sample = [task(i, "=", "=") if i % 2 else task(i, "other", "other") for i in range(60)]
    verdict = judge(evidence(*sample, *open_end(5, 60)))
    assert verdict.state is State.HOLD
    assert verdict.worst_label is not None
    assert (verdict.worst_label.label, verdict.worst_label.correct) == ("positive", 0)
    assert len(verdict.disagreements) == 30


def test_answers_behind_a_gap_wait() -> None:
    """Only the prefix of the draw order counts, whatever was labelled first."""
    sample = [task(0, "=", "="), task(1, "="), *[task(i, "=", "=") for i in range(2, 12)]]
    verdict = judge(evidence(*sample))
    assert (verdict.blind_answered, verdict.waiting) == (1, 10)


def test_shown_tasks_do_not_decide() -> None:
    """Answers on tasks whose candidate was visible change no criterion."""
    blind = [task(i, "=", "=") for i in range(0, 40, 2)]
    shown = [task(i, "other", "other", role=Role.SHOWN) for i in range(1, 41, 2)]
    mixed = judge(evidence(*sorted(blind + shown, key=lambda t: t.position)))
    alone = judge(replace(evidence(*blind), queue_length=40))
    assert mixed.criterion("acceptance") == alone.criterion("acceptance")
    assert mixed.shown_answered == 20


def test_a_skip_counts_as_nothing_confirmed() -> None:
    """Two skips are a score of 0, not a missing answer."""
    verdict = judge(evidence(task(0, None, None), task(1, "=", None)))
    assert (verdict.blind_answered, verdict.accepted, verdict.skips) == (2, 0.5, 3)


def test_a_deleted_task_counts_against_the_batch() -> None:
    """Deleting a task scores 0 instead of making it vanish."""
    verdict = judge(evidence(replace(task(0), deleted=True), task(1, "=", "=")))
    assert (verdict.blind_answered, verdict.accepted) == (2, 1.0)


def test_only_the_first_answers_count() -> None:
    """A third annotator changes nothing where two are asked."""
    assert judge(evidence(task(0, "=", "=", "other"))).accepted == 1.0


def test_an_unreadable_answer_leaves_its_task_open() -> None:
    """An answer with an unknown label is set aside with its reason."""
    broken = replace(answer(1, 0, "other"), result=[{"from_name": "x"}])
    verdict = judge(evidence(replace(task(0), answers=(broken, answer(2, 1, "positive")))))
    assert verdict.blind_answered == 0
    assert "x" in verdict.set_aside[0][1]


def test_people_who_fail_gold_hold_the_batch() -> None:
    """However well candidates are confirmed, wrong gold is a HOLD that names the people."""
    sample = [task(i, "=", "=") for i in range(80)]
    verdict = judge(evidence(*sample, *open_end(5, 80), known=gold(20, right=False)))
    assert verdict.state is State.HOLD
    assert "gold" in verdict.sentence
    assert {a.passed for a in verdict.annotators} == {0}
    # The same people reject all candidates: that is said of the people.
    sample = [task(i, no, no) for i, no in enumerate(("negative", "positive") * 30)]
    verdict = judge(evidence(*sample, *open_end(5, 60), known=gold(20, right=False)))
    assert verdict.criterion("acceptance").state is State.HOLD
    assert verdict.sentence.startswith("HOLD: people answer gold right")


def test_without_gold_nothing_passes() -> None:
    """No gold planted is MORE, with the command that plants it."""
    verdict = judge(evidence(*[task(i, "=", "=") for i in range(80)], *open_end(2, 80), known=()))
    assert verdict.state is State.MORE
    assert "assay gold add" in verdict.sentence


def test_people_who_disagree_hold_the_batch() -> None:
    """Answers that differ within each task are a HOLD for agreement."""
    sample = [task(i, "=", ("negative", "positive")[i % 2]) for i in range(60)]
    lenient = from_dict({"gate": {"acceptance": {"min": 0.1}, "gold": {"min": 0.5}}})
    verdict = judge(evidence(*sample, *open_end(5, 60)), lenient)
    criterion = verdict.criterion("agreement")
    assert criterion is not None
    assert criterion.state is State.HOLD


def test_a_sample_that_is_used_up_is_settled() -> None:
    """All blind tasks answered and still open is a HOLD, too close to the threshold."""
    sample = [task(i, "=", "=") if i % 12 else task(i, "other", "other") for i in range(48)]
    verdict = judge(evidence(*sample))
    assert verdict.state is State.HOLD
    assert "too close" in verdict.sentence


def test_the_forecast_asks_for_a_longer_queue() -> None:
    """A good batch with a short queue is asked for about as much as it will take."""
    sample = [task(i, "=", "=") if i % 25 else task(i, "other", "=") for i in range(300)]
    opened = [replace(t, answers=()) if t.position >= 30 else t for t in sample]
    verdict = judge(replace(evidence(*opened), queue_length=30))
    assert verdict.state is State.MORE
    assert verdict.extend_to is not None
    assert 40 < verdict.extend_to < 200
    settled = judge(replace(evidence(*sample), queue_length=verdict.extend_to))
    assert settled.state is State.PASS


def test_a_verdict_survives_the_store() -> None:
    """from_dict(to_dict(v)) is v."""
    verdict = judge(evidence(*[task(i, "=", "other") for i in range(20)]))
    stored = verdict.to_dict()
    assert Verdict.from_dict(stored) == verdict
    assert json.loads(json.dumps(stored)) == stored


def test_a_short_queue_is_never_stuck() -> None:
    """With every task of a queue of eight answered and nothing decided, more are asked for."""
    sample = [task(i, "=", "=") for i in range(8)] + open_end(200, 8)
    verdict = judge(replace(evidence(*sample), queue_length=8))
    assert verdict.state is State.MORE
    assert verdict.extend_to is not None
    assert verdict.extend_to > 8
    assert verdict.labels_left


def test_a_batch_without_a_blind_task_is_settled() -> None:
    """Where the draw made no task blind, nothing can be learned: a HOLD that says so."""
    verdict = judge(evidence(*[task(i, "=", "=", role=Role.SHOWN) for i in range(3)]))
    assert verdict.state is State.HOLD
    assert "no task of the batch is blind" in verdict.sentence


def test_a_queue_that_an_unreadable_answer_blocks_says_so() -> None:
    """The sentence names what the complete tasks behind it wait for."""
    broken = replace(answer(1, 0, "other"), result=[{"from_name": "x"}])
    blocked = replace(task(0), answers=(broken, answer(2, 1, "positive")))
    verdict = judge(evidence(blocked, *[task(i, "=", "=") for i in range(1, 9)]))
    assert verdict.waiting == 8
    assert "1 cannot be read" in verdict.sentence


def test_only_people_who_judge_the_batch_are_held_against_gold() -> None:
    """Who answered shown tasks alone decides nothing, so their gold decides nothing either."""
    stranger = replace(task(4, role=Role.SHOWN), answers=(answer(900, 9, "positive"),))
    known = tuple(
        replace(g, answers=(*g.answers, answer(800 + g.task_id, 9, "negative"))) for g in gold(20)
    )
    verdict = judge(evidence(*[task(i, "=", "=") for i in range(4)], stranger, known=known))
    assert {a.annotator for a in verdict.annotators} == {0, 1}
    assert verdict.criterion("gold") == judge(evidence(task(0, "=", "="))).criterion("gold")


def test_an_unreadable_gold_answer_is_set_aside() -> None:
    """It counts for nobody and does not vanish."""
    first, *others = gold(20)
    broken = replace(first.answers[0], result=[{"from_name": "x"}])
    known = (replace(first, answers=(broken, first.answers[1])), *others)
    verdict = judge(evidence(task(0, "=", "="), known=known))
    assert [number for number, _ in verdict.set_aside] == [broken.annotation_id]


def test_controls_share_the_chance_of_error() -> None:
    """Two controls that agree equally well have a lower bound below that of one of them."""
    one = '<Choices name="{}" toName="t"><Choice value="a"/><Choice value="b"/></Choices>'
    tags = [one.format(name) for name in ("x", "y")]
    text = '<View><Text name="t" value="$text"/>{}</View>'
    bounds = []
    for controls in (tags[:1], tags):
        config = label_configs.parse(text.format("".join(controls)))
        names = [control.name for control in config.controls]

        def of(label: str, config: label_configs.LabelConfig = config) -> Result:
            return label_configs.write(
                config, {c.name: frozenset({label}) for c in config.controls}
            )

        sample = [
            replace(
                task(i),
                candidate=of("ab"[i % 2]),
                answers=tuple(
                    replace(answer(2 * i + k, k, "other"), result=of("ab"[i % 2])) for k in (0, 1)
                ),
            )
            for i in range(48)
        ]
        criterion = gate(evidence(*sample, known=()), POLICY, config).criterion("agreement")
        assert criterion is not None
        assert criterion.lower is not None, names
        bounds.append(criterion.lower)
    assert bounds[1] < bounds[0]


def test_the_sentence_stays_short() -> None:
    """However long a label is, a lead reads at most 240 characters."""
    config = label_configs.parse(
        '<View><Text name="text" value="$text"/><Choices name="label" toName="text">'
        f'<Choice value="{"long " * 60}"/><Choice value="other"/></Choices></View>'
    )
    name = config.controls[0].labels[0]
    wrong = label_configs.write(config, {"label": frozenset({name})})
    sample = [replace(task(i, "other", "other"), candidate=wrong) for i in range(30)]
    verdict = gate(evidence(*sample, known=()), POLICY, config)
    assert verdict.state is State.HOLD
    assert len(verdict.sentence) <= 240


def test_a_batch_that_is_seen_whole_is_known() -> None:
    """An unlucky order, all confirmed ones first, is no reason to misjudge the whole batch."""
    sample = [task(i, "=", "=") for i in range(11)] + [task(i, "other", "other") for i in (11, 12)]
    criterion = judge(replace(evidence(*sample), population=13)).criterion("acceptance")
    assert criterion is not None
    assert criterion.lower == criterion.upper
    assert criterion.upper == pytest.approx(11 / 13, abs=1e-12)
