"""Several controls make one whole by Label Studio's own weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import label_configs
from sync.errors import ConfigurationError
from tests.label_configs.samples import TWO_QUESTIONS

CONFIG = label_configs.parse(TWO_QUESTIONS)
ALLOWED = {"decision": frozenset({"allowed"})}
VIOLENCE = {"decision": frozenset({"allowed"}), "rules": frozenset({"violence"})}


def entry(overall: Any, **labels: Any) -> dict[str, Any]:
    return {"overall": overall, "type": "Choices", "labels": labels}


def apart(control_weights: Any) -> float:
    config = label_configs.weighted(CONFIG, control_weights)
    return label_configs.values_distance(config, ALLOWED, VIOLENCE)


@pytest.mark.parametrize(
    ("control_weights", "expected"),
    [
        (None, 1 / 2),
        ({}, 1 / 2),
        ({"rules": None}, 1 / 2),
        ({"rules": {}}, 1 / 2),
        ({"decision": entry(1), "rules": entry(0.25)}, 0.25 / 1.25),
        ({"rules": entry(3.0, violence=0.5)}, 3 / 4),
        ({"rules": entry(0)}, 0.0),
        ({"decision": entry(0.0)}, 1.0),
    ],
)
def test_the_whole_is_the_weighted_mean(control_weights: Any, expected: float) -> None:
    """One of two controls differs entirely, so the distance is its share of the weights."""
    assert apart(control_weights) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("control_weights", "message"),
    [
        ([], r"control_weights is \[\]: it must be an object"),
        ({"verdict": entry(1)}, "the control 'verdict': the label config has decision, rules"),
        ({"rules": 1.0}, "it must look like"),
        ({"rules": entry(1) | {"labels": ["a"]}}, "it must look like"),
        ({"rules": entry(1, arson=1.0)}, "the label 'arson', which the label config does not"),
        ({"rules": entry(1, violence=-1)}, r"labels\['violence'\] is -1: a weight is a number"),
        ({"rules": entry(-0.5)}, "overall is -0.5: a weight is a number of at least 0"),
        ({"rules": entry(float("nan"))}, "overall is nan"),
        ({"rules": entry(float("inf"))}, "overall is inf"),
        ({"rules": entry("1")}, "overall is '1'"),
        ({"rules": entry(True)}, "overall is True"),
        ({"rules": entry(0), "decision": entry(0)}, "leave every control out"),
    ],
)
def test_malformed_weights_are_refused(control_weights: Any, message: str) -> None:
    """Each refusal names the place, the value and what is allowed."""
    with pytest.raises(ConfigurationError, match=message):
        apart(control_weights)


def test_many_pairs_are_compared_as_one_by_one() -> None:
    """control_distances is control_distance of each pair, absent values included."""
    control = CONFIG.by_name["rules"]
    some: list[frozenset[str] | None] = [
        None,
        frozenset({"violence"}),
        frozenset({"violence", "other"}),
        frozenset({"other"}),
    ]
    a, b = [x for x in some for _ in some], some * len(some)
    one_by_one = [label_configs.control_distance(control, x, y) for x, y in zip(a, b, strict=True)]
    found = label_configs.control_distances(control, a, b)
    np.testing.assert_array_equal(found, one_by_one)
    assert label_configs.control_distances(control, [], []).shape == (0,)
    with pytest.raises(ValueError, match="1 values cannot be compared with 2"):
        label_configs.control_distances(control, [None], [None, None])
