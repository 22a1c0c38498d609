"""Taxonomy and nested choices are compared by the ways that they share."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import label_configs
from label_configs import Control, LabelConfig
from label_configs.kinds.paths import Value
from sync.errors import Fatal, Malformed

TREE = (
    '<Choice value="A"><Choice value="B" alias="b"><Choice value="C"/><Choice value="D"/></Choice>'
    '<Choice value="E/F"/></Choice><Choice value="G"><Choice value="C"/></Choice>'
)
TEXT = '<Text name="t" value="$t"/>'


def taxonomy(attributes: str = "", inside: str = TREE) -> LabelConfig:
    return label_configs.parse(
        f'<View>{TEXT}<Taxonomy name="c" toName="t" {attributes}>{inside}</Taxonomy></View>'
    )


CONFIG = taxonomy()
CONTROL = CONFIG.controls[0]
values = st.frozensets(st.sampled_from(CONTROL.paths), min_size=1).map(
    lambda paths: read(*(list(path) for path in paths))
)


def result(*paths: Any, key: str = "taxonomy") -> list[dict[str, Any]]:
    return [{"from_name": "c", "to_name": "t", "type": key, "value": {key: list(paths)}}]


def read(*paths: Any, config: LabelConfig = CONFIG, data: Any = None) -> Value:
    found: Value = label_configs.read(config, result(*paths), data)["c"]
    return found


def apart(a: str, b: str) -> float:
    """The distance of paths written as "A/b/C, G"."""
    left, right = (frozenset(tuple(p.split("/")) for p in x.split(", ")) for x in (a, b))
    return label_configs.control_distance(CONTROL, left, right)


def test_the_ways_of_a_config() -> None:
    """Each choice is the way to it, in the config's order, with aliases for values."""
    assert ["/".join(path) for path in CONTROL.paths] == [
        "A",
        "A/b",
        "A/b/C",
        "A/b/D",
        "A/E/F",
        "G",
        "G/C",
    ]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("A/b/C", "A/b/C", 0),
        ("A/b/C", "A/b/D", 1 - 2 / 4),
        ("A/b/C", "A/b", 1 - 2 / 3),
        ("A/b/C", "A", 1 - 1 / 3),
        ("A/b/C", "G/C", 1),
        ("A", "G", 1),
        ("A/b/C, G", "A/b/C", 1 - 3 / 4),
        ("A/b/C, A/b/D", "A/b/C, G/C", 1 - 3 / 6),
    ],
)
def test_the_distance_is_jaccards_of_all_steps(a: str, b: str, expected: float) -> None:
    """Steps in common, of the steps of both: counted by hand."""
    assert apart(a, b) == pytest.approx(expected)
    assert apart(b, a) == pytest.approx(expected)


@given(values, values, values)
def test_it_is_a_metric(a: Value, b: Value, c: Value) -> None:
    """Symmetric, in [0, 1], 0 exactly for equal values, and no detour is shorter."""
    d = [label_configs.control_distance(CONTROL, x, y) for x, y in ((a, b), (b, c), (a, c), (b, a))]
    assert d[0] == d[3]
    assert 0 <= d[0] <= 1
    assert (d[0] == 0) == (a == b)
    assert d[2] <= d[0] + d[1] + 1e-12


def test_a_path_says_all_above_it() -> None:
    """Label Studio stores a choice with those inside it when all are chosen; that says no more."""
    assert read(["A"], ["A", "b"], ["A", "b", "C"]) == read(["A", "b", "C"])


def test_one_label_in_two_places_is_two() -> None:
    """The same name under another choice is another choice."""
    assert read(["G", "C"]) != read(["A", "b", "C"])
    assert apart("G/C", "A/b/C") == 1


def test_no_two_paths_have_one_name() -> None:
    """A slash in a label is told from a step."""
    names = {
        label_configs.kind_of(CONTROL).category(CONTROL, frozenset({p})) for p in CONTROL.paths
    }
    assert len(names) == len(CONTROL.paths)
    assert "A / E//F" in names


def test_confusions_of_paths() -> None:
    """One that differs on each side stand against each other; of more, each stands alone."""
    a, b = read(["A", "b", "C"], ["G"]), read(["A", "b", "D"], ["G"])
    assert label_configs.pairs(CONTROL, a, b) == [("G", "G"), ("A / b / C", "A / b / D")]
    assert label_configs.pairs(CONTROL, a, read(["A", "E/F"])) == [
        ("A / b / C", None),
        ("G", None),
        (None, "A / E//F"),
    ]


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ([["A", "C"]], "'A / C', which is no path"),
        ([["b"]], "'b', which is no path"),
        ([["A", "B"]], "'A / B', which is no path"),
        (["A"], "'A', which is no path of choices"),
        ([[]], r"\[\], which is no path"),
        ([["A", 1]], "which is no path of choices"),
        ([["A", None]], "which is no path of choices"),
    ],
)
def test_what_is_no_path_is_named(paths: list[Any], message: str) -> None:
    """Steps left out, values in place of aliases, and what is no text are malformed."""
    with pytest.raises(Malformed, match=message):
        read(*paths)


@pytest.mark.parametrize("attributes", ['apiUrl="http://x/"', 'legacy="true"'])
def test_open_taxonomies_take_any_path(attributes: str) -> None:
    """A server, or people where the old form lets them, bring choices that nobody lists."""
    config = taxonomy(attributes)
    assert read(["X", "Y"], config=config) == frozenset({("X", "Y")})


def test_choices_of_the_task_may_have_children() -> None:
    """Paths that the task's data brings are known, others are not; without data any may be."""
    config = taxonomy('value="$tree"', "")
    data = {"tree": [{"value": "A", "children": [{"value": "B", "alias": "b"}, {"value": "C"}]}]}
    assert read(["A", "b"], config=config, data=data) == frozenset({("A", "b")})
    assert read(["Z"], config=config) == frozenset({("Z",)})
    with pytest.raises(Malformed, match="'A / B', which is no path"):
        read(["A", "B"], config=config, data=data)


def test_nested_choices_hold_paths() -> None:
    """Choices with allowNested are read from `choices`, with everything else the same."""
    config = label_configs.parse(
        f'<View>{TEXT}<Choices name="c" toName="t" allowNested="true">{TREE}</Choices></View>'
    )
    found = label_configs.read(config, result(["A", "b", "D"], key="choices"))["c"]
    assert found == frozenset({("A", "b", "D")})
    with pytest.raises(Malformed, match="no path of choices"):
        label_configs.read(config, result("A", key="choices"))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (taxonomy('labeling="true"'), 'Taxonomy with labeling="true"'),
        (taxonomy("", ""), "Taxonomy with no choices"),
    ],
)
def test_what_cannot_be_compared_is_refused(config: LabelConfig, message: str) -> None:
    """A taxonomy that labels regions, or has nothing to choose, gives no number."""
    with pytest.raises(Fatal, match=message):
        label_configs.kind_of(config.controls[0])


def test_controls_may_share_choices_by_name() -> None:
    """Each control has its own paths."""
    config = label_configs.parse(
        f'<View>{TEXT}<Taxonomy name="c" toName="t"><Choice value="A"/></Taxonomy>'
        '<Taxonomy name="d" toName="t"><Choice value="B"><Choice value="A"/></Choice></Taxonomy>'
        "</View>"
    )
    paths: list[Control] = list(config.controls)
    assert [control.paths for control in paths] == [(("A",),), (("B",), ("B", "A"))]
