"""What `[engine.llm]` may say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

#: How the endpoint is held to the schema.
STRUCTURED = ("json_schema", "json_object", "none")
#: Where a score comes from.
SCORES = ("stated", "logprobs", "none")
#: What no table `body` may change: it is what makes answers checkable.
_OURS = frozenset(
    ("messages", "model", "response_format", "stream", "n", "tools", "tool_choice", "functions")
)
_LEAST = {
    "examples": 0,
    "calibrate_on": 0,
    "retries": 0,
    "most_cost": 0,
    "price_per_million_input": 0,
    "price_per_million_output": 0,
    "cache_megabytes": 0,
    "at_once": 1,
    "max_output_tokens": 1,
    "most_characters": 1,
}
_MOST = {"examples": 100, "at_once": 256, "retries": 10, "deadline_seconds": 95}


@dataclass(frozen=True, kw_only=True)
class LlmOptions:
    """The options of the engine."""

    #: Address below which `/chat/completions` lies, such as "http://localhost:11434/v1".
    url: str = ""
    #: The model's name at the endpoint.
    model: str = ""
    #: A prompt that ships with Assay, or a file of the team beside the settings file.
    prompt: str = "label"
    #: How the endpoint is held to the answer's schema: one of STRUCTURED.
    structured: str = "json_schema"
    #: Where the score comes from: one of SCORES.
    score: str = "stated"
    #: Training examples that stand in the prompt, once trained.
    examples: int = 8
    #: Training examples beside these that are asked at training, to calibrate the score.
    calibrate_on: int = 30
    #: Whether images are sent; else controls on images are not served.
    images: bool = False
    #: Below 0: not sent, for models that take none.
    temperature: float = 0.0
    max_output_tokens: int = 1_000
    #: Further fields of each request, as the vendor names them.
    body: Any = field(default_factory=dict)
    #: Characters of a task's data as JSON; a task with more is not asked.
    most_characters: int = 50_000
    #: Requests at the same time, over all projects of this process with the same address.
    at_once: int = 4
    #: Seconds that one request may take.
    timeout_seconds: float = 60.0
    #: Further tries after 429, 5xx, and broken connections.
    retries: int = 3
    #: Seconds after which what is not answered yet is an abstention; Label Studio waits 100.
    deadline_seconds: float = 80.0
    #: Of a million tokens, in any currency.
    price_per_million_input: float = 0.0
    price_per_million_output: float = 0.0
    #: In the same currency, for a project for ever; 0 for no bound.
    most_cost: float = 0.0
    #: What the answers of a project that are kept may take on disk.
    cache_megabytes: int = 256

    def __post_init__(self) -> None:
        """Check what a type does not say.

        Raises:
            ValueError: a value is not allowed; the text names it and what is.
        """
        if self.url:
            _check_url(self.url)
        for name, allowed in (("structured", STRUCTURED), ("score", SCORES)):
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"engine.llm.{name} is {getattr(self, name)!r}: allowed are "
                    f"{', '.join(allowed)}"
                )
        for name, least in _LEAST.items():
            if not getattr(self, name) >= least:
                raise ValueError(_range(name, getattr(self, name), f"at least {least}"))
        for name in ("timeout_seconds", "deadline_seconds"):
            if not getattr(self, name) > 0:
                raise ValueError(_range(name, getattr(self, name), "above 0"))
        for name, most in _MOST.items():
            if not getattr(self, name) <= most:
                raise ValueError(_range(name, getattr(self, name), f"at most {most}"))
        if self.most_cost and not (self.price_per_million_input or self.price_per_million_output):
            raise ValueError(
                "engine.llm.most_cost needs prices: set engine.llm.price_per_million_input and "
                "engine.llm.price_per_million_output"
            )
        _check_body(self.body)


def _range(name: str, value: object, allowed: str) -> str:
    return f"engine.llm.{name} is {value!r}: it must be {allowed}"


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    # Looked for first, so that no password is quoted.
    if "@" in url or parts.query or parts.fragment:
        raise ValueError(
            "engine.llm.url holds a user, a password, a query or a fragment: it must be a plain "
            "address; the key belongs into ASSAY_LLM_API_KEY"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"engine.llm.url is {url!r}: it must start with http:// or https://")


def _check_body(body: object) -> None:
    if not isinstance(body, Mapping):
        raise ValueError(f"engine.llm.body is {body!r}: it must be a table")
    taken = sorted(_OURS & body.keys())
    if taken:
        raise ValueError(f"engine.llm.body.{taken[0]} is set by Assay: remove it")
    try:
        json.dumps(dict(body), allow_nan=False)
    except (TypeError, ValueError):
        raise ValueError("engine.llm.body holds what JSON cannot: remove dates and nan") from None
