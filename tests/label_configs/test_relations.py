"""Relations are compared by what they link, in which direction, and by their labels."""

from __future__ import annotations

from typing import Any

import pytest

import label_configs
from sync.errors import Malformed
from tests.label_configs.samples_regions import RELATIONS, linked

SAMPLE = RELATIONS[0]
CONFIG = label_configs.parse(SAMPLE.xml)
CONTROL = CONFIG.controls[-1]


def read(*relations: Any, **where: int) -> Any:
    return label_configs.read(CONFIG, linked(*relations), SAMPLE.data, **where).get("relations")


def apart(a: Any, b: Any) -> float:
    return label_configs.control_distance(CONTROL, a, b)


ONE = read(("a", "b", "right", ["went to"]))


def test_the_relations_tag_is_a_control() -> None:
    """With its labels, though the SDK leaves it out and it points to no object."""
    assert (CONTROL.tag, CONTROL.name) == ("Relations", "relations")
    assert CONTROL.labels == ("went to", "near")


def test_a_taken_name_is_not_taken_again() -> None:
    """A control that is called relations keeps its name."""
    xml = SAMPLE.xml.replace('name="l"', 'name="relations"')
    assert [c.name for c in label_configs.parse(xml).controls] == ["relations", "relations_"]


def test_direction_matters() -> None:
    """An arrow drawn from its point with "left" is the same arrow; turned round it is not."""
    assert apart(ONE, read(("b", "a", "left", ["went to"]))) == 0
    assert apart(ONE, read(("b", "a", "right", ["went to"]))) == 1
    assert apart(ONE, read(("a", "b", "bi", ["went to"]))) == 1
    both = read(("a", "b", "bi", ["near"]))
    assert apart(both, read(("b", "a", "bi", ["near"]))) == 0


def test_labels_and_ends_matter() -> None:
    """Another label, or another end, is another relation."""
    assert apart(ONE, read(("a", "b", "right", ["near"]))) == 1
    assert apart(ONE, read(("a", "b", "right", None))) == 1
    assert apart(ONE, read(("a", "c", "right", ["went to"]))) == 1
    two = read(("a", "b", "right", ["went to"]), ("b", "c", "right", ["near"]))
    assert apart(ONE, two) == pytest.approx(1 / 3)
    assert apart(ONE, None) == 1


def test_ends_are_the_same_thing_from_one_half_on() -> None:
    """An end that is drawn a little otherwise is the same end, also where it comes first."""
    relations: list[Any] = [("a", "b", "right", ["went to"]), ("b", "c", "bi", ["near"])]
    moved = linked(*relations)
    moved[0]["value"] |= {"start": 1}
    moved[1]["value"] |= {"end": 25}
    value = label_configs.read(CONFIG, moved)["relations"]
    assert apart(read(*relations), value) == 0


def test_pairs_are_labels_of_relations_between_the_same_things() -> None:
    """A relation without a label stands as the tag."""
    a = read(("a", "b", "right", ["went to"]), ("b", "c", "right", None))
    b = read(("a", "b", "right", ["near"]), ("a", "c", "right", ["near"]))
    found = label_configs.pairs(CONTROL, a, b)
    assert found == [("went to", "near"), ("Relations", None), (None, "near")]


def test_relations_that_nobody_asked_for_are_passed_over() -> None:
    """People can link regions in any project; without the tag, links say nothing."""
    config = label_configs.parse(
        SAMPLE.xml.replace("<Relations>", "<View>")
        .replace("</Relations>", "</View>")
        .replace("<Relation ", "<View ")
    )
    assert config.relations is None
    assert set(label_configs.read(config, SAMPLE.result)) == {"l"}


@pytest.mark.parametrize(
    ("relation", "problem"),
    [
        (("a", "x", "right", None), "links the region 'x', which the result does not hold"),
        (("a", "b", "up", None), "direction is 'up'"),
        (("a", "b", "right", ["far"]), "'far', which the label config does not know"),
        (("a", "b", "right", "near"), "not a list of labels"),
    ],
)
def test_what_is_malformed_is_refused(relation: Any, problem: str) -> None:
    """With the task, the annotation and the control."""
    with pytest.raises(Malformed, match=problem) as caught:
        read(relation, task=7, annotation=8)
    assert (caught.value.task, caught.value.annotation) == (7, 8)
    assert caught.value.control == "relations"
