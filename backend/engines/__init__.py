"""Engines: how candidates are made, by the kind of label config they fit."""

from backend.engines.base import FEWEST, Engine, Example, Guess, Model, Unfit
from backend.engines.image import ImageEngine
from backend.engines.text import TextEngine

#: Engine name to engine, in the order in which they are offered a label config.
ENGINES: dict[str, Engine] = {"sklearn-text": TextEngine(), "sklearn-image": ImageEngine()}

__all__ = ["ENGINES", "FEWEST", "Engine", "Example", "Guess", "Model", "Unfit"]
