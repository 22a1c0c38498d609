"""What each kind of value offers: one module a kind, each with these functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from label_configs.parse import Control

#: A region of a Label Studio result.
Region = dict[str, Any]
#: The data of a task, such as its text; None where it is not known.
Data = dict[str, Any] | None
#: A label that one side gave beside the one that the other side gave; None for none.
Pair = tuple[str | None, str | None]


class Kind(Protocol):
    """How the values of a control tag are read, written and compared.

    Values are hashable and compare by what they say. An empty value never occurs: `read` gives
    None for it, and the callers treat None against None as the same and None against something
    as nothing in common.
    """

    #: Whether no detour is shorter, for all three values: d(a, c) <= d(a, b) + d(b, c).
    METRIC: bool
    #: "nominal", "ordinal", "interval", or "" where only the distance is defined.
    SCALE: str

    def obstacle(self, control: Control, /) -> str:
        """What keeps the control's values from being compared; empty where nothing does."""

    def read(self, control: Control, regions: Sequence[Region], data: Data, /) -> Any:
        """The value that the control's regions make up; None where they say nothing.

        Args:
            control: the control.
            regions: those of the result that name the control, at least one, in their order.
            data: the task's data, against which offsets are checked.

        Raises:
            Malformed: a region is malformed or holds an unknown label.
        """

    def write(self, control: Control, value: Any, /) -> list[Region]:
        """Regions that hold the value, each with its type and value, and an id where it has one.

        Raises:
            Skippable: the control cannot hold the value.
        """

    def distance(self, control: Control, a: Any, b: Any, /) -> float:
        """How far two values are apart: 0 the same, 1 nothing in common."""

    def category(self, control: Control, value: Any, /) -> str | None:
        """The value as one category; None where the kind has no categories."""

    def pairs(self, control: Control, a: Any | None, b: Any | None, /) -> list[Pair]:
        """Which labels of `a` stand against which labels of `b`, for counts and confusions.

        A label that both hold is a pair of itself; one that only one of them holds stands against
        the label in its place, or against None.
        """
