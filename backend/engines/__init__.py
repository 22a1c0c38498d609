"""Engines: the ways to make candidates, by name."""

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
from backend.engines.ensemble import EnsembleEngine
from backend.engines.llm import LlmEngine
from backend.engines.rules import RulesEngine
from backend.engines.sklearn_image import ImageEngine
from backend.engines.sklearn_spans import SpanEngine
from backend.engines.sklearn_text import TextEngine
from backend.engines.upstream import UpstreamEngine

#: Engine name to engine, those that learn in the order in which they are offered a label config.
ENGINES: dict[str, Engine] = {
    "sklearn_text": TextEngine(),
    "sklearn_image": ImageEngine(),
    "sklearn_spans": SpanEngine(),
    "rules": RulesEngine(),
    "llm": LlmEngine(),
    "upstream": UpstreamEngine(),
}
ENGINES["ensemble"] = EnsembleEngine(ENGINES)

__all__ = [
    "ENGINES",
    "Abstention",
    "Answer",
    "Engine",
    "Example",
    "Late",
    "Model",
    "Proposal",
    "Surroundings",
    "Unfit",
]
