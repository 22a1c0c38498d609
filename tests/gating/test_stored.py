"""Verdicts as JSON, in this version and in others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

import pytest

from sync.gating.stored import decode, encode


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    colour: Colour
    pair: tuple[int, str] = (0, "")


@dataclass(frozen=True)
class Outer:
    many: tuple[Inner, ...] = ()
    one: Inner | None = None
    number: float | None = None


FULL = Outer(many=(Inner(Colour.RED, (1, "a")), Inner(Colour.RED)), one=Inner(Colour.RED), number=1)


@pytest.mark.parametrize("value", [Outer(), FULL])
def test_what_is_stored_comes_back(value: Outer) -> None:
    """Through JSON and back a value is equal, and of the same types."""
    found = decode(Outer, json.loads(json.dumps(encode(value))))
    assert found == value
    assert all(isinstance(inner.colour, Colour) for inner in found.many)


def test_other_versions_are_read() -> None:
    """What is missing takes its default, and what is unknown is left out."""
    assert decode(Outer, {"later": 1, "number": 2.0}) == Outer(number=2.0)
