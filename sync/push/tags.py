"""The tags at the start of a project's description, and the user's own text after them.

The tags come first, then a line with one plain sentence, then a line with a dash alone, then what
the user wrote.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from sync.gating.verdict import Criterion, State, Verdict

#: The keys that are ours; a token with any other key belongs to the user.
KEYS = ("gate", "batch", "blind", "bound", "gold", "agreement", "next", "seen")
SEPARATOR = "—"
#: Batches named on the card, worst first; more would push the reasons off its three lines.
NAMED = 3

_TOKENS = re.compile(rf"(?:\[(?:{'|'.join(KEYS)}):[^\[\]\n]*\][ \t]*)++")
_SENTENCE = re.compile(r"(?:PASS|HOLD|MORE): .*")
#: After tokens that stand as we write them, which tells them from a user's who quotes a tag.
_NEXT = re.compile(r"\r?\n(?:PASS|HOLD|MORE): ")
_WORST_FIRST = {State.HOLD: 0, State.MORE: 1, State.PASS: 2}


def user_text(description: str) -> str:
    """The user's own part of a description, exactly as it was written.

    What people type in front of our lines, at their ends or between them is theirs as well.
    """
    tokens = _TOKENS.match(description) or _ours(description)
    if tokens is None:
        return description
    head, _, rest = description[tokens.end() :].partition("\n")
    lines = rest.split("\n")
    if _SENTENCE.fullmatch(lines[0]):
        del lines[0]
    if lines and lines[0].rstrip() == SEPARATOR:
        del lines[0]
    typed = [text for text in (description[: tokens.start()].rstrip(), head.strip()) if text]
    return "\n".join([*typed, *lines])


def _ours(description: str) -> re.Match[str] | None:
    """Tokens further on that stand as we write them."""
    # Run by run, for whoever edits the description chooses how long a look at it takes.
    runs = _TOKENS.finditer(description)
    return next((run for run in runs if _NEXT.match(description, run.end())), None)


def describe(verdicts: Sequence[Verdict], own: str) -> str:
    """A description with the tags of the verdicts in front of the user's own text.

    Args:
        verdicts: one a batch, oldest first; none gives the user's text alone. The states come
            first, since a card shows some hundred characters; the details are the worst one's.
        own: what `user_text` found.
    """
    if not verdicts:
        return own
    # Of two that are equally bad the newer one is what the lead is working on.
    ordered = sorted(reversed(verdicts), key=lambda v: _WORST_FIRST[v.state])
    heads = [f"[gate:{v.state}] [batch:{_clean(v.batch)}]" for v in ordered[:NAMED]]
    # After several heads the batch is named again, or its details would seem the last one's.
    again = [f"[batch:{_clean(ordered[0].batch)}]"] if len(heads) > 1 else []
    lines = [" ".join([*heads, *again, *details(ordered[0])]), ordered[0].sentence]
    return "\n".join([*lines, SEPARATOR, own] if own else lines)


def worst(verdicts: Sequence[Verdict]) -> State | None:
    """The worst state, which gives the card its colour; None without batches."""
    return min((v.state for v in verdicts), key=_WORST_FIRST.__getitem__, default=None)


def details(verdict: Verdict) -> list[str]:
    """The tokens that say why."""
    found = [f"[blind:{verdict.accepted:g}/{verdict.blind_answered}]"]
    criteria = {criterion.name: criterion for criterion in verdict.criteria}
    if "acceptance" in criteria:
        found += _bound(criteria["acceptance"])
    for name in ("gold", "agreement"):
        if name in criteria and criteria[name].estimate is not None:
            found.append(f"[{name}:{criteria[name].estimate:.2f}]")
    return [*found, f"[next:{next_step(verdict)}]"]


def next_step(verdict: Verdict) -> str:
    """What to do now, in two words."""
    if verdict.state is State.PASS:
        return "promote"
    if verdict.state is State.HOLD:
        return "do not train"
    if verdict.labels_left is None:
        return "see report"
    return f"{verdict.labels_left} labels"


def _bound(criterion: Criterion) -> list[str]:
    """The bound that decides beside its threshold, never rounded to the other side of it."""
    lower, upper, limit = criterion.lower, criterion.upper, criterion.threshold
    if lower is None or upper is None:
        return []
    if lower >= limit:
        return [f"[bound:{_digits(lower, limit, math.floor)}≥{limit:.2f}]"]
    if upper < limit:
        return [f"[bound:{_digits(upper, limit, math.ceil)}<{limit:.2f}]"]
    low, high = math.floor(lower * 100) / 100, math.ceil(upper * 100) / 100
    return [f"[bound:{low:.2f}–{high:.2f}/{limit:.2f}]"]


def _digits(value: float, limit: float, rounding: Callable[[float], int]) -> str:
    """The value rounded away from the limit's other side, with as many digits as that takes."""
    for digits in (2, 3, 4):
        scale = 10**digits
        shown = rounding(round(value * scale, 6)) / scale
        if (shown >= limit) == (value >= limit):
            return f"{shown:.{digits}f}"
    return f"{value:.6f}"


def _clean(name: str) -> str:
    """A batch's name without what would end the token."""
    return re.sub(r"[\[\]\s]+", "_", name)
