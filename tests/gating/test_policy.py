"""The policy file is read strictly."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from sync.gating.policy import GatePolicy, digest, from_dict, to_dict

DOCUMENTED = """
[gate]
risk = "moderate"
confidence = 0.95
[gate.acceptance]
min = 0.90
[gate.gold]
min = 0.85
min_tasks = 10
[gate.agreement]
coefficient = "krippendorff_alpha"
min = 0.667
[gate.annotators]
min_tasks = 20
[sample]
size = 60
blind_share = 0.8
overlap = 2
"""


def test_the_documented_policy_is_the_default() -> None:
    """The file that the documentation shows equals the defaults."""
    assert from_dict(tomllib.loads(DOCUMENTED)) == GatePolicy()


def test_a_policy_survives_the_store() -> None:
    """from_dict(to_dict(p)) is p, with the same digest."""
    policy = from_dict({"gate": {"risk": "high", "slice": [{"field": "locale", "min": 0.8}]}})
    assert from_dict(to_dict(policy)) == policy
    assert digest(from_dict(to_dict(policy))) == digest(policy)


def test_another_threshold_is_another_digest() -> None:
    """The digest tells policies apart."""
    assert digest(from_dict({"gate": {"acceptance": {"min": 0.91}}})) != digest(GatePolicy())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"gate": {"acceptanc": {}}}, r"did you mean gate\.acceptance"),
        ({"gate": {"gold": {"min": 1.2}}}, r"gate\.gold\.min is 1\.2"),
        ({"gate": {"gold": {"min_tasks": 0}}}, "at least 1"),
        ({"gate": {"annotators": {"min_tasks": 0}}}, "at least 1"),
        ({"gate": {"risk": "none"}}, "low, moderate, high"),
        ({"sample": {"overlap": 1}}, "cannot be compared"),
        ({"sample": {"size": "many"}}, "whole number"),
        ({"sample": {"size": 700}}, r"sample\.limit is 600"),
        ({"gate": 3}, "must be a table"),
        ({"gate": {"slice": {"field": "x"}}}, r"\[\[gate\.slice\]\]"),
    ],
)
def test_what_is_not_allowed_is_named(values: dict[str, Any], message: str) -> None:
    """Each error names the key, the value and what is allowed."""
    with pytest.raises(ValueError, match=message):
        from_dict(values)
