"""Answers about regions are compared where the regions are the same thing."""

from __future__ import annotations

from typing import Any

import pytest

import label_configs
from sync.errors import Malformed
from tests.label_configs.samples_regions import ANNA, BERLIN, PER_REGION, boxed, said

BY_NAME = {sample.name: sample for sample in PER_REGION}
CHOICES = label_configs.parse(BY_NAME["Choices, per region"].xml)
NUMBER = label_configs.parse(BY_NAME["Number, per region of an image"].xml)
CONTROL = CHOICES.by_name["c"]


def choice(place: tuple[int, int], label: str, identity: str = "a") -> dict[str, Any]:
    return said("choices", place, identity, choices=[label])


def read(*regions: dict[str, Any], config: Any = CHOICES) -> Any:
    return label_configs.read(config, list(regions), task=7, annotation=8).get("c")


def apart(a: Any, b: Any) -> float:
    return label_configs.control_distance(CONTROL, a, b)


def test_the_same_answer_about_the_same_thing_agrees() -> None:
    """Where exactly the region lies is for the control that draws it; from an IoU of 1/2 on."""
    sure = read(choice((0, 10), "sure"))
    assert apart(sure, read(choice((0, 20), "sure"))) == 0
    assert apart(sure, read(choice((0, 21), "sure"))) == 1
    assert apart(sure, read(choice((0, 10), "unsure"))) == 1


def test_an_answer_without_a_partner_agrees_with_nothing() -> None:
    """One of two regions answered alike: 1 − 2 · 1 / 3."""
    both = read(choice(ANNA, "sure", "a"), choice(BERLIN, "sure", "b"))
    assert apart(both, read(choice(ANNA, "sure"))) == pytest.approx(1 / 3)


def test_answers_are_compared_as_the_control_does_without_regions() -> None:
    """A rating of 3 against 5 is as far apart about a region as about a task."""
    sample = BY_NAME["Rating, per region"]
    config = label_configs.parse(sample.xml)
    whole = label_configs.parse(
        '<View><Text name="t" value="$text"/><Rating name="c" toName="t"/></View>'
    )
    a, b = (label_configs.read(config, r)["c"] for r in (sample.result, sample.others[0]))
    one, two = (
        label_configs.read(whole, [{**r[0], "value": {"rating": r[0]["value"]["rating"]}}])["c"]
        for r in (sample.result, sample.others[0])
    )
    assert label_configs.control_distance(
        config.by_name["c"], a, b
    ) == label_configs.control_distance(whole.controls[0], one, two)


def test_two_regions_at_one_place_are_paired_in_favour_of_agreement() -> None:
    """The order in which someone answers about two equal regions does not matter."""
    a = read(choice(ANNA, "sure", "a"), choice(ANNA, "unsure", "b"))
    b = read(choice(ANNA, "unsure", "a"), choice(ANNA, "sure", "b"))
    assert a == b
    assert label_configs.pairs(CONTROL, a, b) == [("sure", "sure"), ("unsure", "unsure")]


def test_pairs_are_those_of_answers_about_the_same_thing() -> None:
    """Confusions where regions meet; what is said of a region that only one drew stands alone."""
    a = read(choice((0, 10), "sure", "a"), choice((20, 30), "sure", "b"))
    b = read(choice((1, 10), "unsure", "a"), choice((40, 50), "unsure", "b"))
    expected = [("sure", "unsure"), ("sure", None), (None, "unsure")]
    assert label_configs.pairs(CONTROL, a, b) == expected


def test_boxes_of_other_objects_and_forms_are_other_things() -> None:
    """An ellipse is not the rectangle around it, even where it covers most of it."""
    box = read(boxed("number", 10, "a", number=3), config=NUMBER)
    round_ = boxed("number", 10, "a", number=3)
    for key in ("x", "y", "width", "height"):
        del round_["value"][key]
    round_["value"] |= {"x": 20, "y": 25, "radiusX": 10, "radiusY": 15}
    control = NUMBER.by_name["c"]
    assert label_configs.control_distance(control, box, read(round_, config=NUMBER)) == 1


def test_the_place_may_stand_in_another_region_of_the_same_id() -> None:
    """As machines write it: the answer with the id of a region, without its coordinates."""
    drawn = {"id": "x", "from_name": "l", "to_name": "t", "type": "labels"}
    drawn["value"] = {"start": 0, "end": 4, "labels": ["PER"]}  # type: ignore[assignment]
    bare = {"id": "x", "from_name": "c", "to_name": "t", "type": "choices"}
    bare["value"] = {"choices": ["sure"]}  # type: ignore[assignment]
    assert read(drawn, bare) == read(choice(ANNA, "sure"))


def test_written_answers_share_the_id_of_their_region() -> None:
    """So that Label Studio shows them on the region, not on a second one at the same place."""
    sample = BY_NAME["Choices, per region"]
    drawn = said("labels", ANNA, "q", labels=["PER"]) | {"from_name": "l"}
    values = label_configs.read(CHOICES, [drawn, *sample.result], sample.data)
    written = label_configs.write(CHOICES, values)
    ids = {(r["from_name"], r["value"]["start"]): r["id"] for r in written}
    assert ids["l", 0] == ids["c", 0] != ids["c", 15]


@pytest.mark.parametrize(
    ("region", "problem"),
    [
        (choice(ANNA, "maybe"), "'maybe', which the label config does not know"),
        (choice((4, 4), "sure"), "ends at 4, not after its start"),
        (choice(ANNA, "sure") | {"value": {"choices": ["sure"]}}, "belongs to no region"),
        (choice(ANNA, "sure") | {"value": None}, "not a place"),
        (choice(ANNA, "sure") | {"type": "labels"}, "type 'labels', not choices"),
    ],
)
def test_what_is_malformed_is_refused(region: dict[str, Any], problem: str) -> None:
    """With task, annotation, control and region."""
    with pytest.raises(Malformed, match=problem) as caught:
        read(region)
    error = caught.value
    assert (error.task, error.annotation, error.control, error.region) == (7, 8, "c", "a")
