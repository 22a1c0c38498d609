"""The answers that margins make, for all controls of a model."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import label_configs
from backend.engines.base import Abstention, Answer, Proposal
from backend.texts import head as heads
from label_configs import LabelConfig

#: A region of a Label Studio result.
Region = dict[str, Any]
#: Values whose regions are remembered.
_REMEMBERED = 10_000


class Answering:
    """The heads of a model at work for a label config. Threads may share it."""

    def __init__(self, learned: str, config: LabelConfig, served: Collection[str]) -> None:
        """Controls that the label config no longer has are left out.

        Args:
            learned: the heads as a JSON list, see `Head.as_json`.
            config: the label config.
            served: the controls that may be answered.
        """
        self._config = config
        self._written: dict[tuple[str, Any], list[Region]] = {}
        self._decoders = []
        start = 0
        for found in map(heads.of_json, json.loads(learned)):
            columns = slice(start, start + len(found.outcomes))
            start = columns.stop
            if found.control in served:
                decoder = heads.Decoder(found, config.by_name[found.control])
                if decoder.works:
                    self._decoders.append((found.control, columns, decoder))

    def answers(self, margins: npt.NDArray[np.float64]) -> list[Answer]:
        """One answer for each row of margins, shape (tasks, outcomes of all controls)."""
        guesses = [
            [(name, *guess) for guess in decoder.guesses(margins[:, columns])]
            for name, columns, decoder in self._decoders
        ]
        if not guesses:
            return [Abstention("the label config has changed: train again")] * len(margins)
        return [self._proposal(each) for each in zip(*guesses, strict=True)]

    def _proposal(self, guesses: Sequence[tuple[str, Any, float]]) -> Answer:
        result, score = list[Region](), 1.0
        for name, value, sure in guesses:
            score *= sure
            if value is not None:
                result += self._regions(name, value, sure)
        return Proposal(result=result, score=score) if result else Abstention("nothing to choose")

    def _regions(self, name: str, value: Any, sure: float) -> list[Region]:
        """The same few values come again and again, and what they look like is remembered."""
        known = self._written.get((name, value))
        if known is None:
            if len(self._written) >= _REMEMBERED:
                self._written = {}
            known = label_configs.write(self._config, {name: value})
            self._written[name, value] = known
        return [region | {"value": dict(region["value"]), "score": sure} for region in known]
