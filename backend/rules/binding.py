"""Rules as they stand in one label config."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from backend.filled import marks
from backend.rules.book import Book, Numbered, Rule
from backend.rules.patterns import Pattern
from backend.rules.terms import Terms
from label_configs import Control, LabelConfig, spoken
from label_configs.kinds import shown
from sync.errors import Skippable


@dataclass(frozen=True)
class Bound:
    """A rule with the control that it fills."""

    number: int
    rule: Rule
    finder: Terms | Pattern | None
    control: Control
    #: The value that it votes for; None where it marks stretches of text, or copies.
    value: Any = None

    @property
    def marks(self) -> bool:
        """Whether it marks stretches of text."""
        return self.value is None and not self.rule.copy


def bind(book: Book, config: LabelConfig) -> tuple[Bound, ...]:
    """The rules, each with its control.

    Raises:
        ConfigurationError: a rule names a control or a label that the label config has not.
    """
    return tuple(_bound(book, numbered, config) for numbered in book.rules)


def _bound(book: Book, numbered: Numbered, config: LabelConfig) -> Bound:
    rule, number = numbered.rule, numbered.number
    known = spoken.copied(config)
    if rule.control and rule.control not in known:
        raise book.wrong(
            number, f"control is {rule.control!r}: those that rules fill are {', '.join(known)}"
        )
    names = (rule.control,) if rule.control else known
    fitting = []
    for name in names:
        try:
            fitting.append(_on(numbered, config, config.by_name[name]))
        except Skippable as error:
            problem = str(error)
    if len(fitting) == 1:
        return fitting[0]
    if rule.control:
        raise book.wrong(number, problem)
    which = [bound.control.name for bound in fitting]
    raise book.wrong(
        number,
        f"it fits the controls {', '.join(which)}: name one in control"
        if which
        else f"no control of the label config ({', '.join(known)}) has the label {rule.label!r}",
    )


def _on(numbered: Numbered, config: LabelConfig, control: Control) -> Bound:
    """The rule on this control.

    Raises:
        Skippable: the control cannot hold what it says.
    """
    rule, finder = numbered.rule, numbered.finder
    bound = Bound(numbered.number, rule, finder, control)
    if rule.copy:
        return bound
    if control.is_repeated or control.switched_on & {"perregion", "peritem"}:
        raise Skippable(
            f"the control {control.name!r} is answered several times for a task: use copy"
        )
    if marks(control):
        _check_marks(bound)
        return bound
    if rule.label is None:
        raise Skippable("it has no label: give it one that the label config has")
    found = spoken.values(config, {control.name: rule.label})
    if control.name not in found:
        raise Skippable(f"label is {rule.label!r}, which says nothing: give it another")
    return Bound(numbered.number, rule, finder, control, found[control.name])


def _check_marks(bound: Bound) -> None:
    control, rule = bound.control, bound.rule
    if not all(tag.tag in shown.TAGS for tag in control.objects):
        raise Skippable(f"the control {control.name!r} marks no text: use copy")
    if bound.finder is None:
        raise Skippable("when alone says no place: give it words, file or pattern")
    if rule.field:
        raise Skippable(
            f"field is {rule.field!r}: leave it out, since {control.name!r} marks what it shows"
        )
    wanted: Iterable[Any] = (rule.label,)
    if rule.label is None and isinstance(bound.finder, Pattern):
        wanted = bound.finder.names
    for label in wanted:
        if label not in control.allowed:
            raise Skippable(
                f"label is {label!r}: those of {control.name!r} are {', '.join(control.labels)}"
            )
