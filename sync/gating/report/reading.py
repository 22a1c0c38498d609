"""Items read once, with all that cannot be read set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import label_configs
from label_configs import LabelConfig
from sync.errors import Skippable
from sync.gating.judged import Values
from sync.records import Answer, Item, Result


@dataclass(frozen=True, kw_only=True)
class Unread:
    """A result that cannot be read, and why."""

    task: int
    #: The annotation's id; None for a candidate or a gold answer.
    annotation: int | None
    reason: str
    #: Whether it is the candidate.
    candidate: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadItem:
    """An item with its typed values."""

    #: Without answers and gold that cannot be read.
    item: Item
    #: One for each answer of the item; None for a skip.
    answers: tuple[Values | None, ...]
    #: None where there is no candidate or it cannot be read.
    candidate: Values | None
    #: None where no answer is known.
    gold: Values | None


def read_items(
    items: Sequence[Item], config: LabelConfig
) -> tuple[tuple[ReadItem, ...], tuple[Unread, ...]]:
    """Each item with its values, and what cannot be read.

    Raises:
        Fatal: the label config has a control whose values cannot be compared.
    """
    reader = _Reader(config)
    return tuple(reader.item(item) for item in items), tuple(reader.unread)


class _Reader:
    def __init__(self, config: LabelConfig) -> None:
        self._config = config
        self.unread: list[Unread] = []

    def item(self, item: Item) -> ReadItem:
        answers: list[Answer] = []
        values: list[Values | None] = []
        for answer in item.answers:
            given = None
            if answer.result is not None:
                given = self._read(answer.result, item, "", answer.annotation_id)
                if given is None:
                    continue
            answers.append(answer)
            values.append(given)
        gold = None if item.gold is None else self._read(item.gold, item, "its gold answer: ")
        candidate = item.candidate
        return ReadItem(
            item=replace(item, answers=tuple(answers), gold=None if gold is None else item.gold),
            answers=tuple(values),
            candidate=None if candidate is None else self._read(candidate, item, "its candidate: "),
            gold=gold,
        )

    def _read(
        self, result: Result, item: Item, what: str, annotation: int | None = None
    ) -> Values | None:
        try:
            return label_configs.read(self._config, result, item.data or None)
        except Skippable as error:
            self.unread.append(
                Unread(
                    task=item.task_id,
                    annotation=annotation,
                    reason=f"{what}{error}",
                    candidate=result is item.candidate,
                )
            )
            return None
