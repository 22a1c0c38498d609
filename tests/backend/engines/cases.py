"""What each engine is held to the protocol with: one case or more an engine."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from backend.engines import Example, Surroundings
from backend.options import options_of
from label_configs.kinds.span import Span
from sync.records import Json
from sync.settings import Settings
from tests.backend.llm.endpoint import Response, completion, serving, task_of
from tests.upstreams import every, upstream

#: What an engine's surroundings are made of: its options and an empty folder.
Around = Callable[[Any, Path], AbstractContextManager[Surroundings]]


@contextmanager
def alone(options: Any, folder: Path) -> Iterator[Surroundings]:
    """An engine that needs nothing but its options."""
    yield Surroundings(options=options, folder=folder)


RULED = {"engine": "rules"}
RULES = """
[[rule]]
label = "red"
words = ["red"]
[[rule]]
label = "blue"
pattern = 'blu\\w'
field = "text"
"""
NAMED = '[[rule]]\nlabel = "PER"\nwords = ["Ann"]\n'


@contextmanager
def with_rules(options: Any, folder: Path) -> Iterator[Surroundings]:
    """Two files of rules, of which the second says more, beside a settings file."""
    (folder / "rules.toml").write_text(RULES)
    (folder / "names.toml").write_text(RULES + NAMED)
    settings = Settings(config=folder / "assay.toml")
    yield Surroundings(options=options, settings=settings, folder=folder)


@contextmanager
def with_endpoint(options: Any, folder: Path) -> Iterator[Surroundings]:
    """A language model that says "red", and quotes Ann where she is."""

    def answer(request: Json) -> Response:
        quote = {"text": "Ann", "occurrence": None, "label": "PER"}
        there = "Ann" in str(task_of(request))
        said = {"c": "red", "n": [quote] if there else []}
        return completion(json.dumps({"answer": said, "confidence": 80}))

    with serving(answer) as endpoint:
        local = replace(options, url=endpoint.url)
        yield Surroundings(options=local, settings=Settings(), folder=folder)


@dataclass(frozen=True, kw_only=True)
class Case:
    """An engine at work."""

    engine: str
    #: A label config that it serves, and one that it does not.
    config: str
    foreign: str
    #: The data of tasks; it proposes something for the first.
    data: Sequence[Json]
    examples: Sequence[Example] = ()
    #: The engine's table of the settings file, and others, each of which changes the version.
    options: Mapping[str, Any] = field(default_factory=dict)
    others: Sequence[Mapping[str, Any]] = ()
    #: The tables of other engines that it is made of.
    beside: Mapping[str, Any] = field(default_factory=dict)
    around: Around = alone

    def built(self, options: Mapping[str, Any]) -> Any:
        """The options as the settings file gives them."""
        return options_of({**self.beside, self.engine: options}, self.engine)

    def surroundings(self, options: Mapping[str, Any], folder: Path) -> Any:
        """What it works in, to be left when it has answered."""
        return self.around(self.built(options), folder)


def examples(data: Sequence[Json], **values: Sequence[Any]) -> list[Example]:
    """One example a task, with what people answered at each control."""
    return [
        Example(data=item, values={name: given[i] for name, given in values.items()})
        for i, item in enumerate(data)
    ]


TEXT = '<View><Text name="t" value="$text"/>{}</View>'
CHOICES = '<Choices name="{}" toName="{}"><Choice value="red"/><Choice value="blue"/></Choices>'
NAMES = '<Labels name="n" toName="t"><Label value="PER"/></Labels>'
#: A control whose answers Assay knows nothing of.
UNKNOWN = '<View><Image name="i" value="$image"/><Bitmask name="b" toName="i"/></View>'
#: A control that cannot be filled without looking at pixels.
BRUSH = '<View><Image name="i" value="$image"/><Brush name="b" toName="i"/></View>'


def colours() -> list[str]:
    """Red and blue in turn, sixty times."""
    return ["red", "blue"] * 30


def _picture(colour: str, i: int) -> str:
    noise = np.random.default_rng(i).integers(0, 60, (12, 12, 3))
    noise[:, :, 0 if colour == "red" else 2] += 190
    noise[:6, :6] = 0 if colour == "red" else 255
    content = BytesIO()
    Image.fromarray(noise.astype("uint8")).save(content, "PNG")
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"


SENTENCES = [{"text": f"a {colour} thing, number {i}"} for i, colour in enumerate(colours())]
PICTURES = [{"image": _picture(colour, i)} for i, colour in enumerate(colours())]
SETS = [frozenset({colour}) for colour in colours()]


def named(texts: Sequence[str]) -> list[Example]:
    """Texts in which names of people are marked: what begins with a capital letter."""
    return [
        Example(
            data={"text": text},
            values={
                "n": tuple(
                    Span("", found.start(), found.end(), ("PER",))
                    for found in re.finditer(r"[A-Z]\w+(?: 🦊? ?[A-Z]\w+)*", text)
                )
            },
        )
        for text in texts
    ]


PEOPLE = [
    f"a {thing} by {name}, {i} days ago 🦊"
    for i, (thing, name) in enumerate(
        (thing, f"{first} {last}")
        for thing in ("letter", "book", "song")
        for first in ("Ann", "Bob", "Cleo")
        for last in ("Smith", "Jones", "Wu", "Ng")
    )
]


@contextmanager
def behind(options: Any, folder: Path) -> Iterator[Surroundings]:
    """An ML backend that finds the colour in the text."""

    def colour(task: Json) -> Json:
        text = task["data"].get("text")
        found = [c for c in ("red", "blue") if isinstance(text, str) and f" {c} " in text]
        value = {"from_name": "c", "to_name": "t", "type": "choices", "value": {"choices": found}}
        return {"result": [value], "score": 0.75} if len(found) == 1 else {}

    with upstream(every(colour)) as there:
        yield Surroundings(options=replace(options, url=there.url), folder=folder)


#: Case name to case; every engine has at least one.
CASES: dict[str, Case] = {
    "sklearn_text": Case(
        engine="sklearn_text",
        config=TEXT.format(CHOICES.format("c", "t")),
        foreign=BRUSH,
        data=SENTENCES[:4],
        examples=examples(SENTENCES, c=SETS),
    ),
    "sklearn_image": Case(
        engine="sklearn_image",
        config=f'<View><Image name="i" value="$image"/>{CHOICES.format("c", "i")}</View>',
        foreign=BRUSH,
        data=PICTURES[:4],
        examples=examples(PICTURES, c=SETS),
    ),
    "sklearn_spans": Case(
        engine="sklearn_spans",
        config=TEXT.format(NAMES),
        foreign=TEXT.format(CHOICES.format("c", "t")),
        data=[{"text": "a letter by Ann 🦊 Smith"}, {"text": "a letter"}],
        examples=named(PEOPLE),
    ),
    "rules": Case(
        engine="rules",
        config=TEXT.format(CHOICES.format("c", "t") + NAMES),
        foreign=UNKNOWN,
        data=[*SENTENCES[:4], {"text": "a red thing, sent by Ann"}, {"text": "nothing"}],
        options={"file": "names.toml"},
        others=[{"file": "rules.toml"}],
        around=with_rules,
    ),
    "ensemble": Case(
        engine="ensemble",
        config=TEXT.format(CHOICES.format("c", "t")),
        foreign=UNKNOWN,
        data=[*SENTENCES[:4], {"text": "a thing that is blu"}, {"text": "nothing"}],
        examples=examples(SENTENCES, c=SETS),
        options={"member": [RULED, {"engine": "sklearn_text"}]},
        others=[
            {"member": [RULED | {"weight": 2.0}, {"engine": "sklearn_text"}]},
            {"member": [RULED, {"engine": "sklearn_text"}], "agree": 0.6},
            {"member": [RULED, {"engine": "sklearn_text"}], "by": "score"},
            {"member": [RULED | {"controls": ["c"]}, {"engine": "sklearn_text"}]},
        ],
        beside={"rules": {"file": "rules.toml"}},
        around=with_rules,
    ),
    "llm": Case(
        engine="llm",
        config=TEXT.format(CHOICES.format("c", "t") + NAMES),
        foreign=BRUSH,
        data=[*SENTENCES[:4], {"text": "a red thing, sent by Ann"}],
        options={"model": "m"},
        others=[{"model": "other"}, {"model": "m", "temperature": 1}],
        around=with_endpoint,
    ),
    "upstream": Case(
        engine="upstream",
        config=TEXT.format(CHOICES.format("c", "t")),
        foreign=UNKNOWN,
        data=SENTENCES[:4],
        others=[{}],
        around=behind,
    ),
}
