"""Labels and slices as criteria of the gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import label_configs
from sync.errors import ConfigurationError
from sync.gating.bounds import anytime_bounds
from sync.gating.candidates.strata import from_json, strata, to_json
from sync.gating.gate import gate
from sync.gating.policy import GatePolicy, from_dict
from sync.gating.verdict import Criterion, Part, State, Verdict
from sync.records import Answer, Evidence, Result, Role, SampledTask, Strata

CONFIG = label_configs.parse(label_configs.load("text_classification"))
START = datetime(2026, 1, 1, tzinfo=UTC)
POLICY: dict[str, Any] = {
    "gate": {
        "acceptance": {"min": 0.5},
        "agreement": {"coefficient": "none"},
        "labels": {"min_precision": 0.8},
    },
    "sample": {"overlap": 1},
}
SLICED: dict[str, Any] = {
    **POLICY,
    "gate": {**POLICY["gate"], "labels": {}, "slice": [{"field": "locale", "min": 0.8}]},
}


def result(label: str) -> Result:
    return label_configs.write(CONFIG, {"label": frozenset({label})})


def task(position: int, label: str, right: bool | None, data: Any = None) -> SampledTask:
    """A blind task whose candidate is confirmed, corrected, or not answered yet."""
    given = label if right else "other"
    answer = Answer(
        annotation_id=position,
        annotator=0,
        result=result(given),
        submitted_at=START + timedelta(seconds=position),
    )
    return SampledTask(
        task_id=position,
        position=position,
        role=Role.BLIND,
        candidate=result(label),
        answers=() if right is None else (answer,),
        data=data or {},
    )


def judge(sample: list[SampledTask], values: dict[str, Any], **changes: Any) -> Verdict:
    evidence = Evidence(
        batch="b7", population=2000, overlap=1, sample=tuple(sample), queue_length=len(sample)
    )
    return gate(replace(evidence, **changes), from_dict(values), CONFIG)


def criterion(verdict: Verdict, name: str = "labels") -> Criterion:
    found = verdict.criterion(name)
    assert found is not None
    return found


def part(verdict: Verdict, name: str, of: str = "labels") -> Part:
    return next(p for p in criterion(verdict, of).parts if p.name == name)


def both(
    count: int, negative: Callable[[int], bool] = lambda i: True, rest: int = 4
) -> list[SampledTask]:
    """Positive candidates that are all right, negative ones as the function says."""
    done = [task(2 * i, "positive", True) for i in range(count)]
    done += [task(2 * i + 1, "negative", negative(i)) for i in range(count)]
    still = [task(2 * count + i, "positive", None) for i in range(rest)]
    return sorted(done, key=lambda t: t.position) + still


def test_every_label_must_reach_its_precision() -> None:
    """Thirty confirmed candidates of each of two labels pass."""
    found = criterion(judge(both(30), POLICY))
    assert found.state is State.PASS
    assert [p.state for p in found.parts] == [State.PASS] * 2


def test_a_bad_label_holds_a_batch_that_is_good_on_the_whole() -> None:
    """The sentence names the label, its bound and what to do."""
    verdict = judge(both(40, lambda i: i % 2 == 0), POLICY)
    assert verdict.state is State.HOLD
    assert verdict.sentence.startswith("HOLD: at most")
    assert "label 'negative'" in verdict.sentence
    assert criterion(verdict).parts[0].name == "negative"
    assert part(verdict, "positive").state is State.PASS


def test_the_parts_numbers_are_those_of_their_bounds() -> None:
    """Lower bounds have the policy's confidence; upper ones share its error over the labels."""
    sizes = Strata(labels={"label": {"positive": 500, "negative": 400}})
    verdict = judge(both(30, lambda i: i % 5 > 0), POLICY, strata=sizes)
    found = part(verdict, "negative")
    scores = [float(i % 5 > 0) for i in range(30)]
    assert found.lower == anytime_bounds(scores, 400, 0.95)[0][-1]
    assert found.upper == anytime_bounds(scores, 400, 0.975)[1][-1]
    assert (found.estimate, found.n, found.population) == (0.8, 30, 400)


def test_an_open_label_is_more() -> None:
    """Ten confirmed candidates of a label do not show a precision of 0.8, while 30 would."""
    sample = both(10) + [task(100 + i, "negative", None) for i in range(20)]
    sample += [task(200 + i, "positive", None) for i in range(20)]
    verdict = judge(sample, POLICY)
    assert criterion(verdict).state is State.MORE
    assert "2 of 2 labels are open" in criterion(verdict).reason


def test_the_forecast_foresees_open_labels() -> None:
    """Ten of the twenty that show 0.8 are missing, and each fourth task is one: forty more."""
    sample = both(10, rest=0)
    sample += [task(20 + i, ("negative", *["positive"] * 3)[i % 4], None) for i in range(120)]
    verdict = judge(sample, POLICY, queue_length=20)
    assert part(verdict, "negative").needed == pytest.approx(20 + 40, abs=5)
    assert verdict.labels_left == pytest.approx(40, abs=5)
    assert verdict.extend_to == pytest.approx(60, abs=5)


def test_a_label_too_rare_to_be_judged_does_not_block() -> None:
    """Three blind tasks can show nothing; the label stays open by name, the others decide."""
    sample = both(30)
    sample += [task(1000 + i, "other", True) for i in range(3)]
    verdict = judge(sample, POLICY)
    rare = part(verdict, "other")
    assert (rare.state, rare.judged) == (State.MORE, False)
    assert criterion(verdict).state is State.PASS
    assert "'other'" in criterion(verdict).reason


def test_a_label_that_every_task_of_is_blind_can_be_judged() -> None:
    """Three of three tasks are the whole truth."""
    sizes = Strata(labels={"label": {"positive": 500, "negative": 400, "other": 3}})
    sample = both(30) + [task(1000 + i, "other", True) for i in range(3)]
    # The tasks between are not answered, so put the rare ones first in the order.
    sample = [replace(t, position=i) for i, t in enumerate([*sample[-3:], *sample[:-3]])]
    rare = part(judge(sample, POLICY, strata=sizes), "other")
    assert (rare.state, rare.judged, rare.lower) == (State.PASS, True, 1.0)


def test_a_batch_whose_labels_are_all_too_rare_says_so() -> None:
    """It is held before people answer in vain, with the remedy."""
    verdict = judge([task(i, "positive", None) for i in range(12)], POLICY)
    assert (verdict.state, verdict.labels_left) == (State.HOLD, 0)
    assert "no label has enough blind tasks to be judged" in verdict.sentence


def test_an_open_label_is_settled_when_everything_is_answered() -> None:
    """Every batch is settled in the end, and the sentence names the label."""
    verdict = judge(both(30, lambda i: i % 6 > 0, rest=0), POLICY)
    assert verdict.state is State.HOLD
    assert "label 'negative' is still too close" in verdict.sentence


def sliced(count: int, wrong: Callable[[int], bool]) -> list[SampledTask]:
    """English tasks that are right, German ones as the function says, ten open ones."""
    done = [task(2 * i, "positive", True, {"locale": "en"}) for i in range(count)]
    done += [task(2 * i + 1, "positive", not wrong(i), {"locale": "de"}) for i in range(count)]
    still = [task(2 * count + i, "positive", None, {"locale": "en"}) for i in range(10)]
    return sorted(done, key=lambda t: t.position) + still


def test_a_bad_slice_holds_the_batch() -> None:
    """The sentence names the field and the value."""
    verdict = judge(sliced(40, lambda i: i % 2 == 0), SLICED)
    assert verdict.state is State.HOLD
    assert "slice 'locale' = 'de'" in verdict.sentence
    assert part(verdict, "en", "slice locale").state is State.PASS


def test_good_slices_pass() -> None:
    """With 40 confirmed tasks in each of two slices the criterion passes."""
    assert criterion(judge(sliced(40, lambda i: False), SLICED), "slice locale").state is State.PASS


def test_a_task_stays_in_the_slice_it_was_frozen_in() -> None:
    """Editing a task's data afterwards moves no answer from one slice to another."""
    sample = sliced(40, lambda i: i % 2 == 0)
    frozen = Strata(
        slices={"locale": {"en": 900, "de": 800}},
        of_task={t.task_id: {"locale": t.data["locale"]} for t in sample},
    )
    edited = [replace(t, data={"locale": "en"}) for t in sample]
    before = criterion(judge(sample, SLICED, strata=frozen), "slice locale")
    assert criterion(judge(edited, SLICED, strata=frozen), "slice locale") == before


def test_all_slices_share_the_chance_of_a_wrong_hold() -> None:
    """A second field makes the upper bounds of the first one wider."""
    sample = [
        replace(t, data={**t.data, "site": "xyz"[i % 3]})
        for i, t in enumerate(sliced(90, lambda i: i % 4 == 0))
    ]
    two = {**SLICED, "gate": {**SLICED["gate"], "slice": [*SLICED["gate"]["slice"]]}}
    two["gate"]["slice"].append({"field": "site", "min": 0.5})
    one_upper = part(judge(sample, SLICED), "de", "slice locale").upper
    two_upper = part(judge(sample, two), "de", "slice locale").upper
    assert one_upper is not None
    assert two_upper is not None
    assert two_upper > one_upper


def test_a_task_without_the_field_is_in_a_slice_of_its_own() -> None:
    """It does not vanish from the account."""
    sample = sliced(20, lambda i: False)
    sample[0] = replace(sample[0], data={})
    assert part(judge(sample, SLICED), "(none)", "slice locale").n == 1


def test_too_many_slices_are_refused() -> None:
    """A field with a value of its own for each task is named, with the remedy."""
    rows = [(i, result("positive"), {"locale": f"l{i}"}) for i in range(51)]
    with pytest.raises(ConfigurationError, match="'locale' has 51 values"):
        strata(rows, CONFIG, from_dict(SLICED))


def test_a_batch_frozen_before_slices_were_counted_is_judged() -> None:
    """Its policy cannot change any more, so it gets a verdict, however many slices it has."""
    sample = [task(i, "positive", True, {"locale": f"l{i}"}) for i in range(60)]
    verdict = judge(sample, SLICED)
    assert verdict.state is State.HOLD
    assert "no slice has enough blind tasks to be judged" in verdict.sentence


def test_strata_are_counted_and_survive_the_store() -> None:
    """Sizes are those of the whole batch; slices are kept for the sampled tasks alone."""
    both_asked = {**SLICED, "gate": {**SLICED["gate"], "labels": {"min_precision": 0.5}}}
    rows: list[tuple[int, Result, dict[str, Any]]] = [
        (i, result(("positive", "negative")[i % 2]), {"locale": "de" if i < 3 else 7})
        for i in range(9)
    ]
    rows.append((9, [{"from_name": "x"}], {}))
    found = strata(rows, CONFIG, from_dict(both_asked), sampled=[2, 4])
    assert found.labels == {"label": {"positive": 5, "negative": 4}}
    assert found.slices == {"locale": {"de": 3, "7": 6, "(none)": 1}}
    assert found.of_task == {2: {"locale": "de"}, 4: {"locale": "7"}}
    assert from_json(to_json(found)) == found
    assert strata(rows, CONFIG, GatePolicy()) == Strata()


def test_a_verdict_with_parts_survives_the_store() -> None:
    """from_dict(to_dict(v)) is v, and a verdict from before there were parts is read too."""
    verdict = judge(both(12), POLICY)
    stored = verdict.to_dict()
    assert Verdict.from_dict(stored) == verdict
    for found in stored["criteria"]:
        del found["parts"]
    assert all(not c.parts for c in Verdict.from_dict(stored).criteria)


def test_sentences_stay_short() -> None:
    """Whatever labels and slices are called, a lead reads at most 240 characters."""
    for found in (
        judge(both(40, lambda i: i % 2 == 0), POLICY),
        judge(both(10, rest=50), POLICY),
        judge(both(30, lambda i: i % 6 > 0, rest=0), POLICY),
        judge([replace(t, data={"locale": "x" * 300}) for t in both(40, lambda i: i > 20)], SLICED),
    ):
        assert len(found.sentence) <= 240, found.sentence


def test_labels_of_a_control_that_counts_nothing_are_not_judged() -> None:
    """A control with the weight 0 is left out of the whole, and so of the labels and the worst."""
    sample = both(30, lambda i: i % 5 > 0)
    sizes = Strata(labels={"label": {"positive": 900, "negative": 900}})
    evidence = Evidence(
        batch="b7", population=2000, overlap=1, sample=tuple(sample), queue_length=64, strata=sizes
    )
    two = label_configs.parse(
        CONFIG.xml.replace("</View>", '<TextArea name="note" toName="text"/></View>')
    )
    verdict = gate(evidence, from_dict(POLICY), replace(two, weights={"label": 0.0}))
    assert criterion(verdict).parts == ()
    assert verdict.worst_label is None


def test_a_single_part_is_told_as_one() -> None:
    """One label that is open "is" open."""
    verdict = judge(both(30, lambda i: i % 5 > 0), POLICY)
    assert "1 of 2 labels is open" in criterion(verdict).reason
