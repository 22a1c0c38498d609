"""What a control asks of a text, as columns of a linear model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.texts.shown import is_text
from backend.texts.solver import Array
from backend.texts.words import Indices
from label_configs import Control, LabelConfig, ObjectTag, kind_of
from sync.errors import Fatal

#: Whether an object shows what can be judged.
Shows = Callable[[ObjectTag], bool]
#: What one column stands for: a label, a path of labels, or stars.
Outcome = str | tuple[str, ...] | int


@dataclass(frozen=True)
class Question:
    """The examples that answer a control, as targets of a model."""

    control: str
    #: What each column stands for; None for no answer.
    outcomes: tuple[Outcome | None, ...]
    #: Whether one of the outcomes is right, or each for itself.
    exclusive: bool
    #: Outcomes that the label config allows.
    possible: int
    #: The examples that say something.
    examples: Indices
    #: Shape (examples, outcomes), 0 or 1.
    targets: Array


def answerable(config: LabelConfig, shows: Shows = is_text) -> tuple[str, ...]:
    """The controls that ask one question about a whole task.

    Left out are those that are asked only under a condition, about regions or items, or whose
    choices come with the task.

    Args:
        config: the label config.
        shows: whether an object shows what can be judged: text, where nothing else is said.
    """
    return tuple(control.name for control in config.controls if _is_served(control, shows))


def question(control: Control, answers: Sequence[Mapping[str, Any]]) -> Question | None:
    """What people answered to a control; None where they all say the same.

    No answer is one too, unless the label config asks for one.

    Args:
        control: the control.
        answers: for each example the values by control, as `label_configs.read` gives them.
    """
    given = [_outcomes(values.get(control.name)) for values in answers]
    needed = "required" in control.switched_on
    there = [i for i, found in enumerate(given) if found or not needed]
    exclusive = all(len(found) <= 1 for found in given)
    nodes = not exclusive and _has_paths(control) and "leafsonly" not in control.switched_on
    sets: list[set[Outcome | None]] = [
        set(_above(given[i])) if nodes else set(given[i]) for i in there
    ]
    if exclusive:
        sets = [found or {None} for found in sets]
    outcomes = sorted(set[Outcome | None]().union(*sets), key=_order(control))
    if len(outcomes) < 2 and (exclusive or len({frozenset(found) for found in sets}) < 2):
        return None
    targets = np.array([[o in found for o in outcomes] for found in sets], np.float32)
    possible = len(control.paths if _has_paths(control) else control.labels) + (None in outcomes)
    return Question(
        control=control.name,
        outcomes=tuple(outcomes),
        exclusive=exclusive,
        possible=possible,
        examples=np.array(there),
        targets=targets,
    )


def value(control: Control, outcomes: Sequence[Outcome]) -> Any:
    """The control's value that holds the outcomes, at least one."""
    return outcomes[0] if control.tag == "Rating" else frozenset(outcomes)


def _is_served(control: Control, shows: Shows) -> bool:
    odd = control.conditional or control.is_repeated
    odd = odd or bool(control.switched_on & {"peritem", "perregion"})
    if control.tag not in ("Choices", "Rating", "Taxonomy") or odd:
        return False
    fixed = control.tag == "Rating" or bool(control.paths)
    fixed = fixed and not control.attribute("value").startswith("$")
    try:
        kind_of(control)
    except Fatal:
        return False
    return fixed and bool(control.objects) and all(map(shows, control.objects))


def _has_paths(control: Control) -> bool:
    return control.tag == "Taxonomy" or "allownested" in control.switched_on


def _outcomes(value: Any) -> tuple[Outcome, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, frozenset) else (value,)


def _above(paths: Iterable[Any]) -> Iterable[Outcome]:
    """The paths and all those above them."""
    return (path[:depth] for path in paths for depth in range(1, len(path) + 1))


def _order(control: Control) -> Any:
    """The order of the label config; no answer comes last."""
    known: Sequence[Any] = control.paths if _has_paths(control) else control.labels
    places = {outcome: place for place, outcome in enumerate(known)}
    return lambda o: (o is None, places.get(o, len(places)), str(o))
