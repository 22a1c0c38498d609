"""Agreement of real people, as it was measured independently."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import label_configs
from sync.gating.coefficients import (
    Ratings,
    control_agreement,
    distance_alpha,
    krippendorff_alpha,
    ratings,
)


@pytest.fixture(scope="module")
def given(datasets: Path) -> Callable[[str], Ratings]:
    """The first answer of each person to each item of a set."""

    def read(name: str) -> Ratings:
        lines = (datasets / name / "items.jsonl").read_text(encoding="utf-8").splitlines()
        first: dict[tuple[int, str], int | str] = {}
        for item, line in enumerate(lines):
            for label in json.loads(line)["labels"]:
                first.setdefault((item, label["annotator"]), label["value"])
        return ratings((item, annotator, value) for (item, annotator), value in first.items())

    return read


@pytest.mark.parametrize(
    ("name", "metric", "measured"),
    [
        ("hatecheck", "nominal", 0.929),
        ("convabuse", "nominal", 0.437),
        ("convabuse", "ordinal", 0.66),
        ("ukpconvarg1", "nominal", 0.263),
        ("imagenet_real_golden", "nominal", 0.43),
        ("multipico", "nominal", 0.272),
    ],
)
def test_alpha_of_real_people(
    name: str, metric: str, measured: float, given: Callable[[str], Ratings]
) -> None:
    """Alpha is what the set's meta.json gives."""
    found = krippendorff_alpha(given(name), metric=metric)
    assert found.value == pytest.approx(measured, abs=1e-3)
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower < found.value < found.upper


def test_a_rating_control_is_ordinal(given: Callable[[str], Ratings]) -> None:
    """The agreement of a Rating control has the ordinal alpha of convabuse."""
    config = label_configs.parse(
        '<View><Text name="text" value="$text"/><Rating name="stars" toName="text"/></View>'
    )
    abuse = given("convabuse")
    values = [abuse.categories[code] for code in abuse.values]
    rows = [
        (int(item), int(annotator), int(str(value)) + 4)
        for item, annotator, value in zip(abuse.items, abuse.annotators, values, strict=True)
    ]
    found = control_agreement(config.controls[0], rows)
    assert found["krippendorff_alpha"].value == pytest.approx(0.66, abs=1e-3)
    assert list(found) == [
        "percent",
        "cohen_kappa",
        "fleiss_kappa",
        "gwet_ac1",
        "krippendorff_alpha",
    ]


def test_any_distance_on_real_people(given: Callable[[str], Ratings]) -> None:
    """With the distance of equal or not, alpha of any distance is the nominal one."""
    hate = given("hatecheck")
    columns = hate.items.tolist(), hate.annotators.tolist(), hate.values.tolist()
    found = distance_alpha(
        zip(*columns, strict=True), lambda a, b: [x != y for x, y in zip(a, b, strict=True)]
    )
    assert found.value == pytest.approx(0.929, abs=1e-3)
