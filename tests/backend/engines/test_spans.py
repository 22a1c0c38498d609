"""What is learned of spans, and where proposals stand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import label_configs
from backend.engines import Abstention, Answer, Example, Model, Proposal, Surroundings, Unfit
from backend.engines.sklearn_spans import SpanEngine
from label_configs import LabelConfig
from label_configs.kinds.span import Span
from sync.records import Json
from tests.backend.engines.cases import PEOPLE, named

SETTINGS = '<View><{tag} name="t" value="$text"/><{control} name="n" toName="t"{more}>{labels}'
LABELS = '<Label value="PER"/><Label value="LOC"/>'
#: Words of any script, of characters of one and two UTF-16 units, with marks, joined, broken.
WORDS = st.sampled_from(
    [
        "Ann Smith",
        "🦊",
        "by",
        "cafe\u0301",
        "👩\u200d👩\u200d👧",
        "नमस्ते",
        "東京",
        "\r\n",
        "\n\n",
        " ",
        "\ud800",
    ]
)
TEXTS = st.lists(WORDS | st.text(max_size=8), max_size=12).map(" ".join)


def config(tag: str = "Text", control: str = "Labels", more: str = "") -> LabelConfig:
    xml = SETTINGS.format(tag=tag, control=control, more=more, labels=LABELS)
    return label_configs.parse(f"{xml}</{control}></View>")


TEXT, HTML = config(), config("HyperText", "HyperTextLabels")
TALK = config("Paragraphs", "ParagraphLabels")


def learn(examples: Sequence[Example], on: LabelConfig = TEXT, seed: int = 0) -> Model:
    engine = SpanEngine()
    learned = engine.fit(examples, on, np.random.default_rng(seed), Surroundings())
    return engine.model(learned, on, Surroundings())


def ask(model: Model, *data: Any) -> list[Answer]:
    return model.predict([{"id": i, "data": {"text": item}} for i, item in enumerate(data)])


def marked(answer: Answer) -> list[tuple[str, list[str]]]:
    """The text of each region with its labels."""
    assert isinstance(answer, Proposal)
    values = [region["value"] for region in answer.result]
    key = next((key for value in values for key in value if key.endswith("labels")), "labels")
    return [(value["text"], value[key]) for value in values]


def marking(
    text: str, *words: str, label: tuple[str, ...] = ("PER",), weight: float = 1
) -> Example:
    spans = tuple(Span("", text.index(w), text.index(w) + len(w), label) for w in words)
    return Example(data={"text": text}, values={"n": spans} if spans else {}, weight=weight)


@pytest.fixture(scope="module")
def models() -> dict[str, tuple[LabelConfig, Model]]:
    """Models of names in texts, in HTML, and in dialogues."""
    examples = named(PEOPLE)
    talks = [Example(data={"text": [{"text": e.data["text"]}]}, values=e.values) for e in examples]
    return {
        "text": (TEXT, learn(examples)),
        "html": (HTML, learn(examples, HTML)),
        "talk": (TALK, learn(talks, TALK)),
    }


def test_names_are_learned(models: dict[str, tuple[LabelConfig, Model]]) -> None:
    """After 36 texts names that were never seen are marked, in text, HTML and dialogues."""
    text = "🦊🦊 a letter by Dora Klein, 7 days ago"
    page = f"<p>{text.replace('Klein', '<b>Klein</b>')}</p>"
    said = {"text": text, "html": page, "talk": [{"text": text}]}
    for kind, data in said.items():
        (answer,) = ask(models[kind][1], data)
        assert marked(answer) == [("Dora Klein", ["PER"])]


def test_nothing_to_mark_is_an_answer(models: dict[str, tuple[LabelConfig, Model]]) -> None:
    """A text without a name is proposed as such, with a score; no text is none."""
    nothing, empty = ask(models["text"][1], "a letter, 3 days ago", " ")
    assert isinstance(nothing, Proposal)
    assert nothing.result == []
    assert nothing.score > 0.5
    assert empty == Abstention("the task has no text")


def assert_in_place(on: LabelConfig, data: Json, answer: Answer) -> None:
    """Regions stand where they say, in order, apart from each other, and can be read."""
    if isinstance(answer, Abstention):
        return
    text = label_configs.text_of(on.objects[0], data)
    assert text is not None
    spans = label_configs.read(on, answer.result, data).get("n", ())
    assert len(spans) == len(answer.result)
    for span, region in zip(spans, answer.result, strict=True):
        assert text[int(span.start) : int(span.end)] == region["value"]["text"]
        assert 0 <= region["score"] <= 1
    assert all(before.end <= after.start for before, after in pairwise(spans))
    assert 0 <= answer.score <= 1


@settings(max_examples=60)
@given(texts=st.lists(TEXTS, max_size=3))
def test_offsets_are_exact_for_any_text(
    models: dict[str, tuple[LabelConfig, Model]], texts: list[str]
) -> None:
    """Whatever characters a text has, each region's text is what stands at its offsets."""
    said: dict[str, Any] = {
        "text": "\n".join(texts),
        "html": "".join(f"<p>{text}<br><i>{text}</i></p>" for text in texts),
        "talk": [{"author": "x", "text": text} for text in texts],
    }
    for kind, data in said.items():
        on, model = models[kind]
        (answer,) = ask(model, data)
        assert_in_place(on, {"text": data}, answer)


def test_the_same_examples_teach_the_same() -> None:
    """Equal examples and generators give equal arrays; another generator gives others."""
    engine = SpanEngine()
    found = [
        engine.fit(named(PEOPLE), TEXT, np.random.default_rng(seed), Surroundings())["n"]
        for seed in (0, 0, 1)
    ]
    assert all(np.array_equal(found[0][key], found[1][key]) for key in found[0])
    assert not np.array_equal(found[0]["emit"], found[2]["emit"])


def test_what_counts_more_is_believed() -> None:
    """Of contradicting examples those with the higher weight win, though they are fewer."""
    text = "off to Paris now"
    first = [marking(f"{text} {i}", "Paris", label=("LOC",)) for i in range(20)]
    second = [marking(f"{text} {i}", "Paris", weight=9.0) for i in range(12)]
    (answer,) = ask(learn([*first, *second]), text)
    assert marked(answer) == [("Paris", ["PER"])]


def test_labels_that_stand_together_are_a_kind() -> None:
    """A region with two labels is proposed with both."""
    examples = [marking(f"off to Paris {i}", "Paris", label=("LOC", "PER")) for i in range(20)]
    (answer,) = ask(learn(examples), "off to Paris 99")
    assert marked(answer) == [("Paris", ["LOC", "PER"])]


def test_each_control_is_learned() -> None:
    """Two controls on one text are marked each by itself; one that is never used stays empty."""
    more = "".join(
        f'<Labels name="{name}" toName="t"><Label value="PER"/></Labels>' for name in ("m", "e")
    )
    on = label_configs.parse(TEXT.xml.replace("</View>", f"{more}</View>"))
    examples = [
        Example(data=e.data, values={"n": e.values["n"], "m": (Span("", 0, 1, ("PER",)),)})
        for e in named(PEOPLE)
    ]
    (answer,) = ask(learn(examples, on), "a letter by Ann Smith")
    assert isinstance(answer, Proposal)
    found = {(r["from_name"], r["value"]["text"]) for r in answer.result}
    assert found == {("n", "Ann Smith"), ("m", "a")}
    assert SpanEngine().serves(on, None) == ("n", "m", "e")


@pytest.mark.parametrize(
    ("examples", "reason"),
    [
        (named(PEOPLE[:9]), "9 of 9 examples have a text"),
        ([marking("") for _ in range(20)], "0 of 20 examples have a text"),
        ([marking(f"a {i}") for i in range(20)], "nothing is marked"),
    ],
)
def test_what_cannot_be_learned_from_is_named(examples: list[Example], reason: str) -> None:
    """Too few texts, and texts in which nothing is marked, each have their sentence."""
    with pytest.raises(Unfit, match=reason):
        learn(examples)


@pytest.mark.parametrize(
    "xml",
    [
        TEXT.xml.replace('value="$text"', 'value="$text" valueType="url"'),
        TEXT.xml.replace('value="$text"', 'value="$text" encoding="base64"'),
        TALK.xml.replace('value="$text"', 'value="$text" contextScroll="true"'),
        TEXT.xml.replace('toName="t"', 'toName="t" value="$labels"'),
        TEXT.xml.replace("Text name", "Audio name"),
        '<View><Repeater on="$all" indexFlag="{{idx}}"><Text name="t_{{idx}}" '
        f'value="$all[{{{{idx}}}}].text"/><Labels name="n_{{{{idx}}}}" toName="t_{{{{idx}}}}">'
        f"{LABELS}</Labels></Repeater></View>",
    ],
)
def test_what_has_no_text_in_the_data_is_not_served(xml: str) -> None:
    """Texts behind addresses, in codes, in another order or repeated, and labels from data."""
    assert SpanEngine().serves(label_configs.parse(xml), None) == ()


def test_serving_needs_no_learner() -> None:
    """What answers imports neither scikit-learn nor scipy."""
    code = (
        "import sys, backend.tagging.tagger; print([m for m in ('sklearn', 'scipy') "
        "if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert out.stdout.strip() == "[]"
