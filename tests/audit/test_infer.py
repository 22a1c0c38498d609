"""A label config from regions alone."""

from __future__ import annotations

from typing import Any

import pytest
from exports import annotation, choice, task

import label_configs
from sync.audit import assemble, infer
from sync.errors import ConfigurationError

SPAN = {"from_name": "ner", "to_name": "t", "type": "labels"}
SHAPE = {"x": 1.0, "y": 2.0, "width": 3.0, "height": 4.0}


def config_of(*results: list[dict[str, Any]], **data: Any) -> label_configs.LabelConfig:
    annotations = [annotation(i, i, result) for i, result in enumerate(results)]
    export = assemble([task(1, annotations, data=data or {"text": "some text"})])
    return label_configs.parse(infer(export.items))


def test_choices_are_those_that_occur() -> None:
    """The labels are all that are given, candidates and gold included, and one is chosen."""
    (control,) = config_of(choice("b"), choice("a & <c>"), choice("b")).controls
    assert (control.tag, control.name, control.to_name) == ("Choices", "label", ("text",))
    assert control.labels == ("b", "a & <c>")
    assert control.attrs.get("choice", "single") == "single"


def test_several_choices_in_one_answer_make_a_multiple_choice() -> None:
    """A control is multiple as soon as somebody chose two."""
    result = choice("a")
    result[0]["value"]["choices"] = ["a", "b"]
    (control,) = config_of(choice("a"), result).controls
    assert control.attrs["choice"] == "multiple"


def test_an_object_shows_the_text_into_which_its_spans_fit() -> None:
    """The field is found by what the spans say they hold."""
    span = {**SPAN, "value": {"start": 3, "end": 7, "text": "Paul", "labels": ["P"]}}
    config = config_of([span], title="Mr Smith and so on", body="Mr Paul")
    assert [(tag.tag, tag.field) for tag in config.objects] == [("Text", "body")]


def test_audio_and_shapes_are_told_from_text() -> None:
    """Regions of sound and of images get their objects."""
    sound = {**SPAN, "value": {"start": 0.5, "end": 1.5, "channel": 0, "labels": ["P"]}}
    assert config_of([sound], audio="x.wav").objects[0].tag == "Audio"
    box = {"from_name": "b", "to_name": "i", "type": "rectanglelabels"}
    config = config_of([{**box, "value": {**SHAPE, "rectanglelabels": ["car"]}}], image="x.png")
    assert config.objects[0].tag == "Image"
    assert (config.controls[0].tag, config.controls[0].labels) == ("RectangleLabels", ("car",))


def test_paths_of_a_taxonomy_are_nested() -> None:
    """Each path that occurs is one of the taxonomy's."""
    places = {"from_name": "t", "to_name": "text", "type": "taxonomy"}
    paths = [["A", "B"], ["A", "C"], ["D"]]
    (control,) = config_of([{**places, "value": {"taxonomy": paths}}]).controls
    assert control.tag == "Taxonomy"
    assert set(control.labels) == {"A", "B", "C", "D"}


def test_stars_are_as_many_as_were_given() -> None:
    """A rating has five stars, or more where more were given."""
    places = {"from_name": "r", "to_name": "text", "type": "rating"}
    for given, stars in [(3, "5"), (9, "9")]:
        (control,) = config_of([{**places, "value": {"rating": given}}]).controls
        assert control.attrs["maxRating"] == stars


REFUSED: dict[str, list[dict[str, Any]]] = {
    "an unknown type": [{**SPAN, "type": "magic", "value": {}}],
    "labels on shapes": [{**SPAN, "value": {**SHAPE, "labels": ["a"]}}],
    "one name for two types": [*choice("a"), {**choice("a")[0], "type": "rating"}],
    "a control character": choice("a\x07"),
    "nothing": [],
}


@pytest.mark.parametrize("result", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_told_asks_for_the_config(result: list[dict[str, Any]]) -> None:
    """The sentence says where Label Studio shows the label config."""
    with pytest.raises(ConfigurationError, match=r"--config .*Labeling Interface › Code"):
        config_of(result)


def test_texts_of_regions_are_asked_once_a_region() -> None:
    """Transcripts with the ids of boxes belong to the boxes, as in Label Studio's OCR template."""
    place = {"to_name": "i", "id": "r1"}
    result = [
        place | {"from_name": "b", "type": "rectangle", "value": SHAPE},
        place | {"from_name": "t", "type": "textarea", "value": SHAPE | {"text": ["some"]}},
    ]
    config = config_of(result, image="x.png")
    assert [control.switched_on for control in config.controls] == [set(), {"perregion"}]
    assert config.objects[0].tag == "Image"


@pytest.mark.parametrize("turn", [1, -1])
def test_what_is_drawn_tells_the_object(turn: int) -> None:
    """A choice about a sound leaves it a sound, whichever comes first."""
    sound = {**SPAN, "value": {"start": 0.5, "end": 1.5, "channel": 0, "labels": ["P"]}}
    asked = {**choice("a")[0], "to_name": "t"}
    assert config_of([sound, asked][::turn], audio="x.wav").objects[0].tag == "Audio"
