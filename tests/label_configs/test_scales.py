"""Ratings, numbers and moments are compared on their scales."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import label_configs
from label_configs import LabelConfig
from label_configs.kinds import interval
from sync.errors import Fatal, Malformed


def config(tag: str, attributes: str = "") -> LabelConfig:
    return label_configs.parse(
        f'<View><Text name="t" value="$t"/><{tag} name="c" toName="t" {attributes}/></View>'
    )


def result(tag: str, value: Any) -> list[dict[str, Any]]:
    kind = tag.lower()
    return [{"from_name": "c", "to_name": "t", "type": kind, "value": {kind: value}}]


def apart(tag: str, attributes: str, a: Any, b: Any) -> float:
    return label_configs.distance(config(tag, attributes), result(tag, a), result(tag, b))


@pytest.mark.parametrize(
    ("tag", "attributes", "a", "b", "expected"),
    [
        ("Rating", "", 1, 5, 1.0),
        ("Rating", "", 2, 3, 0.25),
        ("Rating", 'maxRating="11"', 2, 3, 0.1),
        ("Rating", 'maxrating="1"', 1, 1, 0.0),
        ("Rating", "", 0, 0, 0.0),
        ("Rating", "", 0, 1, 1.0),
        ("Number", 'min="0" max="10"', 2.5, 5, 0.25),
        ("Number", 'min="-1" max="1"', -1, 1, 1.0),
        ("Number", 'min="0"', 8, 10, 0.2),
        ("Number", "", 8, 10, 0.2),
        ("Number", "", 8000, 10000.0, 0.2),
        ("Number", "", -1, 1, 1.0),
        ("Number", "", 0, 1e-9, 1.0),
        ("Number", "", 0, -0.0, 0.0),
        ("Number", "", 1e308, -1e308, 1.0),
        ("Number", 'min="3" max="3"', 3, 3.0, 0.0),
        ("Number", 'min="x" max="10"', 5, 10, 0.5),
        ("DateTime", "", "2024-01-01T00:00", "2024-01-01T00:01", 1.0),
        ("DateTime", 'only="time"', "06:00", "12:00", 0.25),
        ("DateTime", 'only="time"', "00:00", "23:59", 1439 / 1440),
        (
            "DateTime",
            'only="date" min="2024-01-01" max="2024-01-11"',
            "2024-01-03",
            "2024-01-08",
            0.5,
        ),
        ("DateTime", 'only="year" min="2020" max="2020"', "2020-01-01", "2020-12-31", 1.0),
        ("DateTime", 'only="date" min="2024-01-01" max="current"', "2024-01-03", "2024-01-08", 1.0),
        ("DateTime", 'only="date" format="%-d %B %Y"', "1 May 2024", "01 May 2024", 0.0),
        (
            "DateTime",
            'format="%Y-%m-%dT%H:%M:%S%Z"',
            "2024-01-01T02:00:00+0200",
            "2024-01-01T00:00:00+0000",
            0.0,
        ),
    ],
)
def test_distances_on_scales(tag: str, attributes: str, a: Any, b: Any, expected: float) -> None:
    """The share of the scale where there is one, counted by hand."""
    assert apart(tag, attributes, a, b) == pytest.approx(expected)
    assert apart(tag, attributes, b, a) == pytest.approx(expected)


numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-3, 3).map(float)
bounds = st.none() | numbers


@given(numbers, numbers, numbers, bounds, bounds)
def test_distances_of_numbers_are_metrics(
    a: float, b: float, c: float, low: float | None, high: float | None
) -> None:
    """Symmetric, in [0, 1], 0 exactly for equal numbers up to underflow, no detour shorter."""

    def d(x: float, y: float) -> float:
        return interval.distance(x, y, low, high)

    assert d(a, b) == d(b, a)
    assert 0 <= d(a, b) <= 1
    assert d(a, a) == 0
    assert d(a, c) <= d(a, b) + d(b, c) + 1e-12


@given(numbers, numbers, st.integers(-8, 8))
def test_no_unit_changes_the_relative_distance(a: float, b: float, power: int) -> None:
    """Grams or kilograms: without a range the distance is the same."""
    scale = 2.0**power
    if all(x == 0 or 1e-200 < abs(x) < 1e200 for x in (a, b)):
        found = interval.distance(a * scale, b * scale, None, None)
        assert found == pytest.approx(interval.distance(a, b, None, None))


@pytest.mark.parametrize(
    ("tag", "attributes", "value", "message"),
    [
        ("Rating", "", 6, "rating 6: it lies between 0 and 5"),
        ("Rating", "", -1, "rating -1"),
        ("Rating", "", 2.5, "2.5, which is no whole number"),
        ("Rating", "", True, "True, which is no whole number"),
        ("Rating", "", "3", "'3', which is no whole number"),
        ("Rating", "", math.nan, "nan, which is no whole number"),
        ("Rating", "", math.inf, "inf, which is no whole number"),
        ("Number", "", math.nan, "not finite"),
        ("Number", "", -math.inf, "not finite"),
        ("Number", "", 10**400, "not finite"),
        ("Number", "", "1", "'1', which is no number"),
        ("Number", "", None, "None, which is no number"),
        ("Number", 'min="0"', -0.5, "-0.5, which is below the least of 0"),
        ("Number", 'max="9"', 9.5, "9.5, which is above the most of 9"),
        ("DateTime", "", "2024-02-30T00:00", "does not read as %Y-%m-%dT%H:%M"),
        ("DateTime", "", "2024-01-01", "does not read as"),
        ("DateTime", 'only="date"', "2024-01-01T00:00", "does not read as %Y-%m-%d"),
        ("DateTime", 'only="time"', "24:00", "does not read as %H:%M"),
        (
            "DateTime",
            'only="date" min="2024-01-01"',
            "2023-12-31",
            "before the least of 2024-01-01",
        ),
        ("DateTime", 'only="date" max="2024"', "2025-01-01", "after the most of 2024"),
        ("DateTime", "", 2024, "2024, which is no text"),
        ("DateTime", 'format="%Y-%m-%d %H %Z"', "9999-12-31 23 -0100", "does not read as"),
    ],
)
def test_what_is_off_the_scale_is_named(
    tag: str, attributes: str, value: Any, message: str
) -> None:
    """What the interface would not let anybody submit is malformed, with the value."""
    with pytest.raises(Malformed, match=message):
        label_configs.read(config(tag, attributes), result(tag, value))


@pytest.mark.parametrize(
    ("tag", "attributes", "message"),
    [
        ("Rating", 'maxRating="0"', "Rating with maxRating='0'"),
        ("Rating", 'maxRating="many"', "Rating with maxRating='many'"),
        ("Number", 'min="2" max="1"', "Number with min='2' above max='1'"),
        ("DateTime", 'format="%U %Y"', "DateTime with format='%U %Y'"),
    ],
)
def test_scales_that_make_no_sense_are_refused(tag: str, attributes: str, message: str) -> None:
    """The config is what is wrong, so no answer is read."""
    with pytest.raises(Fatal, match=message):
        label_configs.read(config(tag, attributes), [])


def test_no_stars_are_no_answer() -> None:
    """The interface shows 0 stars as not rated, and stores them when a rating is taken back."""
    assert label_configs.read(config("Rating"), result("Rating", 0)) == {}


def test_zero_is_an_answer() -> None:
    """A number of 0 is read and written like any other."""
    whole = config("Number")
    assert label_configs.read(whole, result("Number", 0)) == {"c": 0.0}
    assert label_configs.write(whole, {"c": 0.0}) == result("Number", 0)


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)))
def test_moments_are_numbers(moment: datetime) -> None:
    """The number of a moment is its seconds since 1970, to the minute that is stored."""
    whole = config("DateTime")
    found = label_configs.read(whole, result("DateTime", f"{moment:%Y-%m-%dT%H:%M}"))["c"]
    whole_minute = moment.replace(second=0, microsecond=0)
    expected = (whole_minute - datetime(1970, 1, 1)).total_seconds()
    assert label_configs.number(whole.controls[0], found) == expected


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%d/%m/%Y %I:%M %p", "29/02/2024 11:59 PM"),
        ("%A, %e %b %y %H:%M", "Thursday, 29 Feb 24 23:59"),
        ("%Y-%j %H.%M", "2024-060 23.59"),
        ("%x %H:%M", "02/29/2024 23:59"),
        ("%Y%m%d%H%M%S.%L%%", "20240229235900.000%"),
    ],
)
def test_formats_of_label_studio(form: str, text: str) -> None:
    """The formats of d3-time-format, which Label Studio uses, all read the same moment."""
    found = label_configs.read(config("DateTime", f'format="{form}"'), result("DateTime", text))
    assert found["c"].seconds == 1_709_251_140


@pytest.mark.parametrize(
    ("tag", "attributes", "value", "category"),
    [
        ("Rating", "", 3.0, "3"),
        ("Number", "", 0.1, "0.1"),
        ("Number", "", -2.0, "-2"),
        ("Number", "", 1e300, "1e+300"),
        ("DateTime", 'only="time"', "9:05", "09:05"),
        ("DateTime", 'format="%d/%m/%Y"', "1/2/2024", "2024-02-01T00:00:00"),
    ],
)
def test_categories_are_readable(tag: str, attributes: str, value: Any, category: str) -> None:
    """The same number or moment is one category, however it was written."""
    whole = config(tag, attributes)
    assert label_configs.categories(whole, result(tag, value)) == {"c": category}
