"""The policy: what a batch must show before it may be trained on (`assay.toml`)."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sync.tables import build

_FORBID: dict[str, Any] = {"extra": "forbid"}
RISKS = ("low", "moderate", "high")
COEFFICIENTS = ("krippendorff_alpha", "none")


def _share(name: str, value: float, *, above_zero: bool = False) -> None:
    allowed = "(0, 1]" if above_zero else "[0, 1]"
    if not 0 <= value <= 1 or (above_zero and value == 0):
        raise ValueError(f"{name} is {value}: allowed is a number in {allowed}")


def _whole(name: str, value: int, least: int) -> None:
    if value < least:
        raise ValueError(f"{name} is {value}: allowed is a whole number of at least {least}")


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}: allowed are {', '.join(allowed)}")


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """Candidates against blind human answers."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _FORBID
    #: Least mean score of the batch, in [0, 1].
    min: float = 0.90

    def __post_init__(self) -> None:
        _share("gate.acceptance.min", self.min)


@dataclass(frozen=True, kw_only=True)
class GoldPolicy:
    """People against gold."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _FORBID
    #: Least mean score of people on gold, in [0, 1].
    min: float = 0.85
    #: Distinct gold tasks that must be answered.
    min_tasks: int = 10

    def __post_init__(self) -> None:
        _share("gate.gold.min", self.min)
        _whole("gate.gold.min_tasks", self.min_tasks, 1)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """People against each other."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _FORBID
    coefficient: str = "krippendorff_alpha"
    #: Least value of the coefficient, in [0, 1].
    min: float = 0.667

    def __post_init__(self) -> None:
        _one_of("gate.agreement.coefficient", self.coefficient, COEFFICIENTS)
        _share("gate.agreement.min", self.min)


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Each label by itself."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _FORBID
    #: Least precision of every label, in [0, 1]; None asks for none.
    min_precision: float | None = None

    def __post_init__(self) -> None:
        if self.min_precision is not None:
            _share("gate.labels.min_precision", self.min_precision)


@dataclass(frozen=True, kw_only=True)
class Annotators:
    """What it takes to say something of a single person."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _FORBID
    #: Tasks that a person must share with others before anything is said of the person.
    min_tasks: int = 20

    def __post_init__(self) -> None:
        _whole("gate.annotators.min_tasks", self.min_tasks, 1)


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A part of the batch by the value of a task-data field."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _FORBID
    field: str
    #: Least mean score of each slice, in [0, 1].
    min: float

    def __post_init__(self) -> None:
        _share("gate.slice.min", self.min)


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The criteria."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _FORBID
    risk: str = "moderate"
    #: Confidence of each one-sided bound, in (0, 1).
    confidence: float = 0.95
    #: Least intersection over union, in [0, 1], at which a region counts as found; with 0 the
    #: overlap itself is the score.
    min_overlap: float = 0.5
    acceptance: Acceptance = field(default_factory=Acceptance)
    gold: GoldPolicy = field(default_factory=GoldPolicy)
    agreement: Agreement = field(default_factory=Agreement)
    annotators: Annotators = field(default_factory=Annotators)
    labels: Labels = field(default_factory=Labels)
    slice: tuple[Slice, ...] = ()

    def __post_init__(self) -> None:
        _one_of("gate.risk", self.risk, RISKS)
        if not 0 < self.confidence < 1:
            raise ValueError(
                f"gate.confidence is {self.confidence}: allowed is a number between 0 and 1"
            )
        _share("gate.min_overlap", self.min_overlap)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What people are asked."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _FORBID
    #: First length of the validation queue, in tasks.
    size: int = 60
    #: Probability that a validation task is blind, in (0, 1].
    blind_share: float = 0.8
    #: Annotators per validation and gold task.
    overlap: int = 2
    #: The most validation tasks that can ever be asked for one batch.
    limit: int = 600

    def __post_init__(self) -> None:
        _whole("sample.size", self.size, 1)
        _share("sample.blind_share", self.blind_share, above_zero=True)
        _whole("sample.overlap", self.overlap, 1)
        _whole("sample.limit", self.limit, self.size)


@dataclass(frozen=True, kw_only=True)
class GatePolicy:
    """The whole policy, with the defaults for what the file does not say."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _FORBID
    gate: Gate = field(default_factory=Gate)
    sample: Sample = field(default_factory=Sample)

    def __post_init__(self) -> None:
        if self.sample.overlap == 1 and self.gate.agreement.coefficient != "none":
            raise ValueError(
                "sample.overlap is 1, so people cannot be compared with each other: set it to 2 "
                'or more, or gate.agreement.coefficient to "none"'
            )


def from_dict(values: Mapping[str, Any]) -> GatePolicy:
    """A policy from the tables of its TOML file.

    Raises:
        ValueError: a key is unknown (the nearest known one is named), or a value is not allowed.
    """
    return build(GatePolicy, values, "policy")


def to_dict(policy: GatePolicy) -> dict[str, Any]:
    """The policy as JSON-ready tables; `from_dict` gives it back."""
    found: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(policy)))
    return found


def digest(policy: GatePolicy) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of the policy's canonical JSON."""
    text = json.dumps(dataclasses.asdict(policy), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
