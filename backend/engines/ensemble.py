"""Several engines as one: each fills what it serves, and where several do they have to agree."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import label_configs
from backend.engines.base import (
    Abstention,
    Answer,
    Engine,
    Example,
    Late,
    Model,
    Proposal,
    Surroundings,
    Unfit,
)
from backend.filled import Filled, marks, written
from backend.pooling.opinions import Opinion, Terms
from backend.pooling.pool import pool
from label_configs import Control, LabelConfig
from label_configs.kinds.kind import Region
from sync.errors import ConfigurationError
from sync.records import Json

#: What counts: a vote each, or a vote times the score.
BY = ("vote", "score")


@dataclass(frozen=True, kw_only=True)
class Member:
    """A `[[engine.ensemble.member]]`."""

    engine: str
    #: What it counts against the others, above 0.
    weight: float = 1.0
    #: The controls that it fills; all that it serves where none is named.
    controls: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class EnsembleOptions:
    """The table `engine.ensemble`."""

    member: tuple[Member, ...] = ()
    #: Whether the most weight wins, or the most weight times score.
    by: str = "vote"
    #: The least share of the weight that must be behind an answer, in (0, 1].
    agree: float = 0.5

    @property
    def pairs(self) -> list[tuple[Member, Any]]:
        """The members with their options: none before they are gathered."""
        return []


@dataclass(frozen=True, kw_only=True)
class Gathered(EnsembleOptions):
    """The options with those of the members, in their order."""

    each: tuple[Any, ...] = ()

    @property
    def pairs(self) -> list[tuple[Member, Any]]:
        """The members with their options."""
        return list(zip(self.member, self.each, strict=True))


def gathered(options: EnsembleOptions, of: Callable[[str], Any], known: Sequence[str]) -> Gathered:
    """The options with those of the members.

    Args:
        options: what the table says.
        of: the options of an engine by its name.
        known: the names of the engines that may be members.

    Raises:
        ConfigurationError: a value is not allowed.
    """
    names = [member.engine for member in options.member]
    if not names:
        raise ConfigurationError(
            "engine.ensemble has no member: name each in a table [[engine.ensemble.member]]"
        )
    for name in names:
        if name not in known or names.count(name) > 1:
            raise ConfigurationError(
                f"engine.ensemble.member.engine is {name!r}: allowed is each of "
                f"{', '.join(known)} once"
            )
    weights = [member.weight for member in options.member]
    if not all(0 < weight < float("inf") for weight in weights):
        raise ConfigurationError(
            f"engine.ensemble.member.weight is {min(weights)!r}: allowed is a number above 0"
        )
    if not 0 < options.agree <= 1:
        raise ConfigurationError(
            f"engine.ensemble.agree is {options.agree!r}: allowed is a share above 0, at most 1"
        )
    if options.by not in BY:
        raise ConfigurationError(
            f"engine.ensemble.by is {options.by!r}: allowed are {', '.join(BY)}"
        )
    return Gathered(
        member=options.member,
        by=options.by,
        agree=options.agree,
        each=tuple(of(name) for name in names),
    )


@dataclass(frozen=True)
class Seat:
    """A member at work."""

    model: Model
    weight: float
    serves: frozenset[str]

    def opinions(self, answer: Answer, config: LabelConfig, data: Json) -> dict[str, Opinion]:
        """What the member's answer says of each control that it serves."""
        if isinstance(answer, Abstention):
            return {}
        values = label_configs.read(config, answer.result, data)
        found = {}
        for name in sorted(self.serves):
            control, value = config.by_name[name], values.get(name)
            # To mark nothing says something; not to answer a question does not.
            if value is not None or marks(control):
                regions = [r for r in answer.result if _name(config, r) == name]
                scores = _scores(control, value, regions, data) or (answer.score,)
                found[name] = Opinion(self.weight, value, scores)
        return found


def _scores(
    control: Control, value: Any, regions: Sequence[Region], data: Json
) -> tuple[float, ...]:
    """The score of each region of a value, in its order; none where they have none."""
    if not marks(control) or not all("score" in region for region in regions):
        return ()
    kind = label_configs.kind_of(control)
    of = {kind.read(control, [region], data)[0]: float(region["score"]) for region in regions}
    return tuple(of[one] for one in value or ())


@dataclass(frozen=True)
class EnsembleModel:
    """The members that are ready to answer."""

    seats: tuple[Seat, ...]
    config: LabelConfig
    terms: Terms

    def predict(self, tasks: Sequence[Json], context: Json | None = None) -> list[Answer]:
        """What the members agree on; it abstains where that is nothing, or one is late."""
        asked = [seat.model.predict(tasks, context) for seat in self.seats]
        return [
            self._answer(task["data"], [answers[i] for answers in asked])
            for i, task in enumerate(tasks)
        ]

    def _answer(self, data: Json, answers: Sequence[Answer]) -> Answer:
        if late := [answer for answer in answers if isinstance(answer, Late)]:
            return late[0]
        given: defaultdict[str, list[tuple[int, Opinion]]] = defaultdict(list)
        for number, answer in enumerate(answers):
            for name, opinion in self.seats[number].opinions(answer, self.config, data).items():
                given[name].append((number, opinion))
        pooled = {
            name: pool(self.config.by_name[name], [opinion for _, opinion in some], self.terms)
            for name, some in given.items()
            if len(some) > 1
        }
        filled = {name: found for name, found in pooled.items() if found is not None}
        alone = {name: some[0][0] for name, some in given.items() if len(some) == 1}
        if not filled and not alone:
            return _abstention(list(given), answers)
        return self._proposal(filled, alone, answers)

    def _proposal(
        self, filled: Mapping[str, Filled], alone: Mapping[str, int], answers: Sequence[Answer]
    ) -> Proposal:
        """What was pooled, and what only one member spoke of, as it said it."""
        result, scores = written(self.config, filled) if filled else ([], 1.0)
        for number in sorted(set(alone.values())):
            answer = answers[number]
            if isinstance(answer, Proposal):
                own = {name for name, other in alone.items() if other == number}
                result += [r for r in answer.result if _name(self.config, r) in own]
                scores = min(scores, answer.score)
        return Proposal(result=result, score=scores)


def _abstention(differing: Sequence[str], answers: Sequence[Answer]) -> Abstention:
    if differing:
        return Abstention(f"the engines differ on {', '.join(map(repr, differing))}"[:200])
    reasons = dict.fromkeys(a.reason for a in answers if isinstance(a, Abstention))
    return Abstention("; ".join(reasons)[:200] or "no engine is trained")


def _name(config: LabelConfig, region: Region) -> str:
    """The control that a region is of."""
    named = region.get("from_name")
    found = config.relations if named is None else config.control_of(str(named))
    return "" if found is None else found.name


class EnsembleEngine:
    """Members that are engines themselves."""

    options = EnsembleOptions
    learns = True  # Where a member does.

    def __init__(self, engines: Mapping[str, Engine]) -> None:
        """The engines that may be members, by name."""
        self._engines = engines

    def serves(self, config: LabelConfig, options: EnsembleOptions) -> tuple[str, ...]:
        """What any of the members serves."""
        served = {name for member, own in options.pairs for name in self._of(member, own, config)}
        return tuple(control.name for control in config.controls if control.name in served)

    def version(self, around: Surroundings, config: LabelConfig) -> str:
        """The hash of the members that do not learn, and of how all are put together."""
        options: EnsembleOptions = around.options
        parts: list[Any] = [options.by, options.agree]
        for member, own in options.pairs:
            theirs = self._engines[member.engine].version(_with(around, own), config)
            parts.append([member.engine, member.weight, sorted(member.controls), theirs])
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]

    def fit(
        self,
        examples: Sequence[Example],
        config: LabelConfig,
        rng: np.random.Generator,
        around: Surroundings,
    ) -> dict[str, Any]:
        """What each member that learns has learned, by its name; those that cannot are left out.

        Raises:
            Unfit: none can.
        """
        learned, reasons = {}, []
        for member, own in around.options.pairs:
            engine = self._engines[member.engine]
            if self._of(member, own, config):
                try:
                    # An engine that answers untrained may gain from examples too.
                    found = engine.fit(examples, config, rng.spawn(1)[0], _with(around, own))
                except Unfit as error:
                    reasons += [f"{member.engine}: {error}"] if engine.learns else []
                else:
                    learned[member.engine] = found
        if not learned:
            raise Unfit("; ".join(reasons) or "no member of the ensemble learns")
        return learned

    def model(
        self, learned: Mapping[str, Any] | None, config: LabelConfig, around: Surroundings
    ) -> EnsembleModel:
        """The members that need no training, and those that had it."""
        options: EnsembleOptions = around.options
        seats = []
        for member, own in options.pairs:
            engine, theirs = self._engines[member.engine], (learned or {}).get(member.engine)
            serves = frozenset(self._of(member, own, config))
            if serves and (theirs is not None or not engine.learns):
                model = engine.model(theirs, config, _with(around, own))
                seats.append(Seat(model, member.weight, serves))
        return EnsembleModel(tuple(seats), config, Terms(options.agree, options.by == "score"))

    def _of(self, member: Member, own: Any, config: LabelConfig) -> list[str]:
        """The controls that a member fills.

        Raises:
            ConfigurationError: it names one that it cannot fill.
        """
        serves = self._engines[member.engine].serves(config, own)
        for name in member.controls:
            if name not in serves:
                raise ConfigurationError(
                    f"engine.ensemble.member.controls of {member.engine} has {name!r}: it fills "
                    f"{', '.join(serves) or 'none of this label config'}"
                )
        return [name for name in serves if name in member.controls or not member.controls]


def _with(around: Surroundings, options: Any) -> Surroundings:
    return dataclasses.replace(around, options=options)
