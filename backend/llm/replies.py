"""What an endpoint's answer says."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, TypeGuard

from backend.llm.account import Usage
from sync.errors import Skippable
from sync.records import Json

#: Characters of what the model writes.
LARGEST = 200_000
#: What Markdown puts around code.
_FENCE = "```"
#: What some models write before their answer, where their server leaves it in.
_THOUGHTS = ("<think>", "</think>")


class Declined(Skippable):
    """The model gives no answer, and would give none if it were asked again."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the model wrote."""

    content: str
    #: Probability that the model gives to just these words; None where it is not told.
    probability: float | None


def usage_of(answer: Json, worst: Usage) -> Usage:
    """The tokens that were used; where the endpoint does not say, the most that can have been."""
    told = answer.get("usage")
    if not _is(told):
        return worst
    into, out = told.get("prompt_tokens"), told.get("completion_tokens")
    if isinstance(into, int) and isinstance(out, int) and min(into, out) >= 0:
        return Usage(into, out)
    return worst


def reply_of(answer: Json) -> Reply:
    """What the model wrote.

    Raises:
        Declined: it refuses, or was cut off.
        Skippable: it wrote nothing that could be an answer.
    """
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if _is(choice) else None
    if not _is(choice) or not _is(message):
        raise Skippable("the endpoint's answer holds no message")
    ended = choice.get("finish_reason")
    if message.get("refusal") or ended == "content_filter":
        raise Declined("the model refuses to answer")
    if ended == "length":
        raise Declined("the model's answer is longer than engine.llm.max_output_tokens")
    content = message.get("content")
    if not isinstance(content, str) or not content.strip():
        raise Skippable("the model's answer has no text")
    if len(content) > LARGEST:
        raise Declined("the model's answer is too long to be read")
    return Reply(content=content, probability=_probability(choice.get("logprobs")))


def json_of(content: str) -> Any:
    """The JSON that the model wrote, behind its thoughts and in a fence of Markdown or not.

    Raises:
        Skippable: it is none.
    """
    text = content.strip()
    if text.startswith(_THOUGHTS[0]):
        text = text.partition(_THOUGHTS[1])[2].strip()
    if text.startswith(_FENCE) and text.endswith(_FENCE):
        text = text.partition("\n")[2].removesuffix(_FENCE)
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Skippable("the model's answer is no JSON") from None


def _probability(told: Any) -> float | None:
    """The product of the tokens' probabilities."""
    tokens = told.get("content") if _is(told) else None
    if not isinstance(tokens, list) or not tokens:
        return None
    logs = [token.get("logprob") if _is(token) else None for token in tokens]
    numbers = [x for x in logs if isinstance(x, int | float) and not math.isnan(x)]
    if len(numbers) < len(logs):
        return None
    return min(1.0, math.exp(max(-745.0, math.fsum(numbers))))


def _is(found: Any) -> TypeGuard[Json]:
    return isinstance(found, dict)


def _no_number(name: str) -> Any:
    raise ValueError(name)
