"""The part of a model that answers one control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from backend.engines.base import Example, Unfit
from backend.texts.calibration import exponent, held_out, sigmoids, temperature, unseen
from backend.texts.questions import Outcome, Question, question, value
from backend.texts.solver import Array, Linear, Link, Margins, Sigmoids, Softmax, W, fit
from label_configs import Control, kind_of
from sync.errors import Skippable

#: A value with the probability that it is right; None for no answer.
Guess = tuple[Any, float]


@dataclass(frozen=True)
class Head:
    """How the margins of some columns become the value of a control."""

    control: str
    outcomes: tuple[Outcome | None, ...]
    exclusive: bool
    #: The probability of an outcome that has no column.
    unseen: float
    #: The power of a set's probability, see `calibration.exponent`.
    power: float
    #: Whether an example has nothing chosen.
    empty: bool = True

    @property
    def link(self) -> Link:
        """What makes probabilities of its margins."""
        return Softmax() if self.exclusive else Sigmoids()

    def as_json(self) -> dict[str, Any]:
        """What JSON can hold of it."""
        return {
            "control": self.control,
            "outcomes": list(self.outcomes),
            "exclusive": self.exclusive,
            "unseen": self.unseen,
            "power": self.power,
            "empty": self.empty,
        }


def of_json(found: Mapping[str, Any]) -> Head:
    """The head that `as_json` described."""
    outcomes = (tuple(o) if isinstance(o, list) else o for o in found["outcomes"])
    return Head(**{**found, "outcomes": tuple(outcomes)})


def learn_each(
    controls: Sequence[Control], examples: Sequence[Example], x: Linear[W], rng: np.random.Generator
) -> list[tuple[Head, W]]:
    """A head with its columns for each control whose answers differ.

    Args:
        controls: those that are asked.
        examples: what people answered, n of them.
        x: the features of the examples, n rows.
        rng: draws what is held out.

    Raises:
        Unfit: the answers to none of them differ.
    """
    weights = np.array([example.weight for example in examples], np.float32)
    answers = [example.values for example in examples]
    asked = [question(control, answers) for control in controls]
    found = [learn(each, x, weights, rng) for each in asked if each is not None]
    if not found:
        raise Unfit("all labels are the same: label tasks of at least two kinds")
    return found


def learn(
    asked: Question, x: Linear[W], weights: Array, rng: np.random.Generator
) -> tuple[Head, W]:
    """Fit the columns of a control and calibrate them on examples that were held out.

    Args:
        asked: the question, with its examples.
        x: the features of all examples.
        weights: what each of all examples counts.
        rng: draws what is held out.
    """
    x, weights, y = x.of(asked.examples), weights[asked.examples], asked.targets
    link: Link = Softmax() if asked.exclusive else Sigmoids()
    held = held_out(x, y, weights, link, rng)
    factor = temperature(held, y, weights, link)
    scale: Array = np.full(y.shape[1], factor, np.float32)
    offset: Array = np.zeros(y.shape[1], np.float32)
    power, missing, empty = 1.0, 0.0, True
    if asked.exclusive:
        missing = unseen(y, asked.possible)
    else:
        scale, offset = sigmoids(held, y, weights, factor)
        share = link.probabilities(held.margins * scale + offset)
        empty = bool((y.max(axis=1) == 0).any())
        chosen = _chosen(share, needed=not empty)
        right = (chosen == (y[held.examples] > 0.5)).all(axis=1)
        power = exponent(np.where(chosen, share, 1 - share).prod(axis=1), right)
    head = Head(asked.control, asked.outcomes, asked.exclusive, missing, power, empty)
    found = x.back(fit(x, y, weights, link).a)
    return head, found.scaled(scale, offset)


class Decoder:
    """A head at work for a label config, which may have changed since it learned."""

    def __init__(self, head: Head, control: Control) -> None:
        """Outcomes that the control no longer allows are left out."""
        self._head, self._control = head, control
        allowed = [_is_allowed(control, outcome) for outcome in head.outcomes]
        self._gone = ~np.array(allowed)
        #: Whether there is anything left to choose from.
        self.works = any(allowed)
        self._index = {outcome: i for i, outcome in enumerate(head.outcomes)}
        above = [[self._index[p] for p in _above(o) if p in self._index] for o in head.outcomes]
        self._above = above if any(above) else None
        self._needed = "required" in control.switched_on or not head.empty

    def guesses(self, margins: npt.NDArray[np.float64]) -> list[Guess]:
        """The likeliest value of each row with the probability that it is right."""
        there = np.where(self._gone, -np.inf, margins).astype(float)
        share = self._head.link.probabilities(there)
        return self._one(share) if self._head.exclusive else self._sets(share)

    def _one(self, share: Margins) -> list[Guess]:
        best = share.argmax(axis=1)
        sure = share[np.arange(len(share)), best] * (1 - self._head.unseen)
        outcomes = self._head.outcomes
        return [
            (None if (o := outcomes[b]) is None else value(self._control, [o]), s)
            for b, s in zip(best.tolist(), sure.tolist(), strict=True)
        ]

    def _sets(self, share: Margins) -> list[Guess]:
        if self._above is not None:
            share = np.stack([share[:, [*up, i]].min(1) for i, up in enumerate(self._above)], 1)
        chosen = _chosen(share, self._needed)
        sure = np.where(chosen, share, 1 - share).prod(axis=1) ** self._head.power
        return [
            (self._value(np.flatnonzero(row).tolist()), float(s))
            for row, s in zip(chosen, sure, strict=True)
        ]

    def _value(self, places: Sequence[int]) -> Any:
        found = [o for p in places if (o := self._head.outcomes[p]) is not None]
        return value(self._control, found) if found else None


def _chosen(share: Margins, needed: bool) -> npt.NDArray[np.bool_]:
    """The outcomes that are likelier than not; the likeliest one where there must be one."""
    chosen = share > 0.5
    if needed:
        chosen[np.arange(len(share)), share.argmax(axis=1)] = True
    return chosen


def _above(outcome: Outcome | None) -> list[Outcome]:
    return [outcome[:d] for d in range(1, len(outcome))] if isinstance(outcome, tuple) else []


def _is_allowed(control: Control, outcome: Outcome | None) -> bool:
    if outcome is None:
        return "required" not in control.switched_on
    try:
        kind_of(control).write(control, value(control, [outcome]))
    except Skippable:
        return False
    return True
