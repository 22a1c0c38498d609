"""Proposals by rules that the team writes, for the time before there is anything to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.engines.base import Abstention, Answer, Fixed, Proposal, Surroundings
from backend.filled import written
from backend.rules.binding import Bound, bind
from backend.rules.book import Book, load
from backend.rules.counting import Unanswerable, fill
from backend.rules.patterns import Budget, TooSlow
from label_configs import LabelConfig, spoken
from sync.errors import ConfigurationError
from sync.records import Json


@dataclass(frozen=True, kw_only=True)
class RulesOptions:
    """The table `engine.rules`."""

    #: The file of rules, relative to the folder of the settings file.
    file: str = ""


@dataclass(frozen=True)
class RulesModel:
    """Rules on one label config."""

    rules: tuple[Bound, ...]
    config: LabelConfig

    def predict(self, tasks: Sequence[Json], context: Json | None = None) -> list[Answer]:
        """What the rules say together; it abstains where none matches."""
        budget = Budget()
        return [self._answer(task["data"], budget) for task in tasks]

    def _answer(self, data: Json, budget: Budget) -> Answer:
        try:
            filled = fill(self.rules, self.config, data, budget)
        except Unanswerable as error:
            return Abstention(str(error))
        except TooSlow:
            return Abstention("the patterns of the rules take too long on this text")
        if not filled:
            return Abstention("no rule matches")
        result, score = written(self.config, filled)
        return Proposal(result=result, score=score)


class RulesEngine(Fixed):
    """Words, regular expressions, and answers that the task's data holds already."""

    options = RulesOptions

    def serves(self, config: LabelConfig, options: Any) -> tuple[str, ...]:
        """All controls whose answers can be written down in a task's data."""
        return spoken.copied(config)

    def version(self, around: Surroundings, config: LabelConfig) -> str:
        """The hash of the rules and of the lists of words that they name."""
        return _book(around).digest

    def model(self, learned: Any, config: LabelConfig, around: Surroundings) -> RulesModel:
        """The rules, each checked against the label config."""
        return RulesModel(bind(_book(around), config), config)


def _book(around: Surroundings) -> Book:
    if not around.options.file:
        raise ConfigurationError(
            "engine.rules.file is not set: name a file of rules, relative to the settings file"
        )
    folder = around.settings.config.parent if around.settings else Path()
    return load(folder / around.options.file)
