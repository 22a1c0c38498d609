"""What an engine is: it takes tasks and a label config, and proposes a candidate for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from backend.pixels import Fetch, no_uploads
from label_configs import LabelConfig
from sync.records import Json, Result
from sync.settings import FEWEST_EXAMPLES, Settings


class Unfit(Exception):
    """The examples are not enough to learn from; the text says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What an engine proposes for a task."""

    #: Regions as Label Studio stores them, each with its own `score` in [0, 1].
    result: Result
    #: Estimated probability that people would not change anything, in [0, 1].
    score: float
    #: The version that answered, where it is not the engine's own.
    version: str = ""


@dataclass(frozen=True, slots=True)
class Abstention:
    """Why there is no proposal, as a short sentence without a full stop or the task's content."""

    reason: str


class Late(Abstention):
    """An abstention for want of time: whoever asks again finds the answer, or part of the way."""


Answer = Proposal | Abstention


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A task that people labelled."""

    data: Json
    #: Control name to value, as `label_configs.read` gives it; a control nobody answered is absent.
    values: Mapping[str, Any]
    #: How much it counts, above 0.
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What an engine may use beside the tasks."""

    #: An instance of the engine's `options`.
    options: Any = None
    #: Reads the uploads that tasks name.
    fetch: Fetch = no_uploads
    #: The team's settings, for addresses and secrets; None where an engine is used on its own.
    settings: Settings | None = None
    #: A folder of the project for caches; None keeps them in memory.
    folder: Path | None = None
    #: Label Studio's id of the project.
    project_id: int = 0
    #: Whether nobody waits for an answer, so that it may take its time.
    patient: bool = False


@dataclass(frozen=True)
class NoOptions:
    """The options of an engine that has none."""


class Model(Protocol):
    """An engine that is ready to answer for one label config. Threads may share it."""

    def predict(self, tasks: Sequence[Json], context: Json | None = None) -> list[Answer]:
        """One answer a task, in their order.

        Args:
            tasks: each has an integer `id` and an object `data`, and nothing else.
            context: what a person just drew, where Label Studio asks interactively.
        """


class Engine(Protocol):
    """A way to make candidates."""

    #: A frozen dataclass: what the engine's table in the settings file may say.
    options: type[Any]
    #: Whether it has to be trained before it answers. One that need not may be trained all the
    #: same; then its version stands behind that of what it learned.
    learns: bool

    def serves(self, config: LabelConfig, options: Any) -> tuple[str, ...]:
        """Names of the controls that it can fill; none where the config is not its kind."""

    def version(self, around: Surroundings, config: LabelConfig) -> str:
        """The version of all but what is learned: changes whenever answers may change.

        An engine that has to learn first is never asked.
        """

    def fit(
        self,
        examples: Sequence[Example],
        config: LabelConfig,
        rng: np.random.Generator,
        around: Surroundings,
    ) -> Any:
        """Learn; what comes back is persisted with skops and given to `model`.

        Raises:
            Unfit: the examples are not enough, or the engine does not learn.
        """

    def model(self, learned: Any, config: LabelConfig, around: Surroundings) -> Model:
        """The model around what was learned, or around None where nothing was.

        Raises:
            Fatal: an option is missing or wrong; the text names it and the remedy.
        """


class Taught:
    """What engines that have to be trained have in common."""

    learns = True

    def version(self, around: Surroundings, config: LabelConfig) -> str:
        """Versions come from training alone."""
        return ""


class Fixed:
    """What engines that do not learn have in common."""

    learns = False

    def fit(
        self,
        examples: Sequence[Example],
        config: LabelConfig,
        rng: np.random.Generator,
        around: Surroundings,
    ) -> Any:
        """Nothing to learn.

        Raises:
            Unfit: always.
        """
        raise Unfit(f"{type(self).__name__} does not learn: choose another engine to train")


def enough(usable: int, examples: int, kind: str) -> None:
    """Check that there is something to learn from.

    Raises:
        Unfit: too few examples can be read.
    """
    if usable < FEWEST_EXAMPLES:
        raise Unfit(
            f"{usable} of {examples} examples have {kind} that can be read: "
            f"at least {FEWEST_EXAMPLES} are needed to train"
        )
