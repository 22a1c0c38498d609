"""What the demonstration labels: real inputs whose answers are known."""

from __future__ import annotations

import base64
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import label_configs
from sync.errors import ConfigurationError
from sync.records import Json, Result

#: Labels of a text set that are used: its most frequent ones.
_MOST_LABELS = 5
#: Items used; with fewer the parts become too small to show anything.
_MOST_ITEMS, _FEWEST_ITEMS = 1797, 600


@dataclass(frozen=True)
class Item:
    """An input with its known label."""

    data: Json
    label: str


@dataclass(frozen=True)
class Inputs:
    """Shuffled items with the label config that fits them."""

    title: str
    label_config: str
    control: str
    to_name: str
    labels: tuple[str, ...]
    items: tuple[Item, ...]
    #: Whether the second model is known to learn them well enough to pass.
    learnable: bool = False

    def result(self, label: str) -> Result:
        """The label as a Label Studio result."""
        region = {
            "from_name": self.control,
            "to_name": self.to_name,
            "type": "choices",
            "value": {"choices": [label]},
        }
        return [region]


def digits(seed: int) -> Inputs:
    """The 1,797 handwritten digits that scikit-learn ships, drawn large."""
    from PIL import Image
    from sklearn.datasets import load_digits

    found = load_digits()
    items = []
    for pixels, label in zip(found.images, found.target, strict=True):
        small = Image.fromarray((255 - pixels * 15.9).astype("uint8"))
        content = BytesIO()
        small.resize((240, 240), Image.Resampling.NEAREST).save(content, "PNG", optimize=True)
        address = "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()
        items.append(Item({"image": address}, str(label)))
    return Inputs(
        title="Handwritten digits",
        label_config=label_configs.load("image_classification"),
        control="label",
        to_name="image",
        labels=tuple(str(digit) for digit in range(10)),
        items=_shuffled(items, seed),
        learnable=True,
    )


def texts(file: Path, seed: int) -> Inputs:
    """The items of a text set, JSON lines of {"data": {"text": …}, "gold": "label"}.

    Only the most frequent labels are used, so that the model of the demonstration, which sees
    a few hundred examples, can learn them.

    Raises:
        ConfigurationError: the file is not of that form, or holds too little.
    """
    items = [_item(line, f"{file.name} line {n}") for n, line in _lines(file)]
    labels = [label for label, _ in Counter(i.label for i in items).most_common(_MOST_LABELS)]
    used = [item for item in items if item.label in labels]
    if len(used) < _FEWEST_ITEMS or len(labels) < 2:
        raise ConfigurationError(
            f"{file.name} holds {len(used)} items with a known label of {len(labels)} kinds: the "
            f"demonstration needs {_FEWEST_ITEMS} of at least 2"
        )
    xml = label_configs.with_labels(
        label_configs.load("text_classification"), "label", sorted(labels)
    )
    return Inputs(
        title=f"Texts of {file.parent.name or file.stem}"[:50],
        label_config=xml,
        control="label",
        to_name="text",
        labels=tuple(sorted(labels)),
        items=_shuffled(used, seed)[:_MOST_ITEMS],
    )


def _lines(file: Path) -> list[tuple[int, str]]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [(n, line) for n, line in enumerate(lines, start=1) if line.strip()]


def _item(line: str, place: str) -> Item:
    try:
        raw = json.loads(line)
        text, label = raw["data"]["text"], raw["gold"]
    except (ValueError, KeyError, TypeError):
        raise ConfigurationError(
            f'{place}: wanted is {{"data": {{"text": "…"}}, "gold": "label"}}'
        ) from None
    if not isinstance(text, str) or not isinstance(label, str):
        raise ConfigurationError(f"{place}: text and gold must be texts")
    return Item({"text": text}, label)


def _shuffled(items: Sequence[Item], seed: int) -> tuple[Item, ...]:
    order = list({json.dumps(item.data, sort_keys=True): item for item in items}.values())
    random.Random(seed).shuffle(order)  # noqa: S311 - an order, no secret
    return tuple(order)
