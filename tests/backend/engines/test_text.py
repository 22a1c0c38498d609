"""What the engine for texts serves, learns and proposes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import label_configs
from backend.engines import ENGINES, Abstention, Answer, Example, Model, Proposal, Unfit
from backend.engines.base import Surroundings
from label_configs import LabelConfig
from sync.records import Json
from sync.settings import FEWEST_EXAMPLES

ENGINE = ENGINES["sklearn_text"]
TEXT = '<Text name="t" value="$text"/>'
MOOD = '<Choices name="mood" toName="t" {}><Choice value="good"/><Choice value="bad"/></Choices>'


def parsed(*tags: str) -> LabelConfig:
    return label_configs.parse(f"<View>{''.join(tags)}</View>")


def learn(config: LabelConfig, examples: Sequence[Example]) -> Model:
    learned = ENGINE.fit(examples, config, np.random.default_rng(0), Surroundings())
    return ENGINE.model(learned, config, Surroundings())


def ask(model: Model, *data: Any) -> list[Answer]:
    return model.predict([{"id": i, "data": item} for i, item in enumerate(data)])


def values(config: LabelConfig, answer: Answer) -> dict[str, Any]:
    """What the proposal says, as a person's answer would be read."""
    assert isinstance(answer, Proposal)
    return label_configs.read(config, answer.result)


def moods(count: int = 60) -> list[Example]:
    return [
        Example(
            data={"text": f"{('a lovely', 'an awful')[i % 2]} day, number {i}"},
            values={"mood": frozenset({("good", "bad")[i % 2]})},
        )
        for i in range(count)
    ]


PAIR = '<Text name="a" value="$a"/><Text name="b" value="$b"/>'
PATHS = '<Choice value="x"><Choice value="y"/></Choice><Choice value="z"/>'


@pytest.mark.parametrize(
    ("tags", "served"),
    [
        ([TEXT, MOOD.format("")], ("mood",)),
        ([TEXT, MOOD.format('choice="multiple"')], ("mood",)),
        ([TEXT, MOOD.format('perRegion="true"')], ()),
        ([TEXT, MOOD.format('perItem="true"')], ()),
        ([TEXT, MOOD.format('visibleWhen="region-selected"')], ()),
        ([TEXT, '<View visibleWhen="no-region-selected">', MOOD.format(""), "</View>"], ()),
        ([TEXT, '<Choices name="c" toName="t" value="$options"/>'], ()),
        ([TEXT, f'<Choices name="c" toName="t" allowNested="true">{PATHS}</Choices>'], ("c",)),
        ([TEXT, f'<Taxonomy name="c" toName="t">{PATHS}</Taxonomy>'], ("c",)),
        ([TEXT, '<Taxonomy name="c" toName="t" apiUrl="https://example.org"/>'], ()),
        ([TEXT, '<Rating name="r" toName="t"/><TextArea name="w" toName="t"/>'], ("r",)),
        ([PAIR, '<Rating name="r" toName="b"/>'], ("r",)),
        (['<Text name="t" value="$text" valueType="url"/>', MOOD.format("")], ()),
        (['<Image name="t" value="$text"/>', MOOD.format("")], ()),
        (['<Paragraphs name="t" value="$text"/>', MOOD.format("")], ("mood",)),
        (['<HyperText name="t" value="$text"/>', MOOD.format("")], ("mood",)),
    ],
)
def test_it_serves_questions_about_whole_texts(tags: list[str], served: tuple[str, ...]) -> None:
    """Not what is asked of regions, items or under a condition, nor what the task brings."""
    assert ENGINE.serves(parsed(*tags), ENGINE.options()) == served


def test_several_controls_are_learned_together() -> None:
    """A set of labels, a path, stars and a label come back as they were taught, with scores."""
    config = parsed(
        TEXT,
        MOOD.format(""),
        '<Choices name="about" toName="t" choice="multiple"><Choice value="food"/>'
        '<Choice value="staff"/><Choice value="price"/></Choices>',
        '<Taxonomy name="where" toName="t"><Choice value="shop"><Choice value="till"/></Choice>'
        '<Choice value="web"/></Taxonomy><Rating name="stars" toName="t" maxRating="5"/>',
    )
    rng = np.random.default_rng(1)
    words = {"food": "soup", "staff": "waiter", "price": "costly"}
    known = []
    for i in range(120):
        topics = [topic for topic in words if rng.random() < 0.5]
        good, till = bool(i % 2), bool(i % 3)
        said = ["lovely" if good else "awful", "queue" if till else "page"]
        known.append(
            Example(
                data={"text": " ".join(rng.permutation(said + [words[t] for t in topics]))},
                values={
                    "mood": frozenset({"good" if good else "bad"}),
                    "where": frozenset({("shop", "till") if till else ("web",)}),
                    "stars": 5 if good else 1,
                }
                | ({"about": frozenset(topics)} if topics else {}),
            )
        )
    model = learn(config, known)
    full, none = ask(model, {"text": "Soup? Costly! awful queue"}, {"text": "lovely page"})
    assert values(config, full) == {
        "mood": frozenset({"bad"}),
        "about": frozenset({"food", "price"}),
        "where": frozenset({("shop", "till")}),
        "stars": 1,
    }
    assert "about" not in values(config, none)
    assert isinstance(full, Proposal)
    scores = [region["score"] for region in full.result]
    assert full.score == pytest.approx(np.prod(scores))
    assert min(scores) > 0.5


def test_paths_that_go_together_keep_their_tops() -> None:
    """Where several paths may be right, the deepest likely ones are proposed."""
    config = parsed(
        TEXT,
        '<Taxonomy name="c" toName="t"><Choice value="animal"><Choice value="cat"/>'
        '<Choice value="dog"/></Choice><Choice value="plant"/></Taxonomy>',
    )
    paths = {"cat": ("animal", "cat"), "dog": ("animal", "dog"), "fern": ("plant",)}
    paths["beast"] = ("animal",)
    said = [s for s in ("cat", "dog", "fern", "beast", "cat fern", "dog cat") for _ in range(15)]
    known = [
        Example(
            data={"text": f"{s} {i}"}, values={"c": frozenset(paths[word] for word in s.split())}
        )
        for i, s in enumerate(said)
    ]
    model = learn(config, known)
    found = [values(config, a)["c"] for a in ask(model, {"text": "cat fern"}, {"text": "beast"})]
    assert found == [frozenset({paths["cat"], paths["fern"]}), frozenset({paths["beast"]})]


def test_nothing_is_an_answer_where_people_give_it() -> None:
    """A control that is often left empty stays so; one that is required is always filled."""
    flag = (
        '<Choices name="flag" toName="t" {}><Choice value="rude"/><Choice value="mad"/></Choices>'
    )
    known = [
        Example(
            data=e.data, values=dict(e.values) | ({"flag": frozenset({"rude"})} if i % 4 else {})
        )
        if i % 2
        else e
        for i, e in enumerate(moods())
    ]
    config = parsed(TEXT, MOOD.format(""), flag.format(""))
    lovely, awful = ask(learn(config, known), {"text": "a lovely day"}, {"text": "an awful day"})
    assert values(config, lovely) == {"mood": frozenset({"good"})}
    assert values(config, awful)["flag"] == frozenset({"rude"})
    config = parsed(TEXT, flag.format('required="true"'))
    with pytest.raises(Unfit, match="all labels are the same"):
        learn(config, known)


def test_a_set_that_people_never_leave_empty_is_filled() -> None:
    """Where every example has a label, a text of which nothing is known gets one, too."""
    flag = '<Choices name="flag" toName="t" choice="multiple">{}</Choices>'
    config = parsed(TEXT, flag.format("".join(f'<Choice value="{c}"/>' for c in "abcd")))
    sets = [frozenset("abcd"[i : i + 2]) or frozenset("a") for i in range(4)]
    known = [
        Example(data={"text": f"{' '.join(sets[i % 4])} {i}"}, values={"flag": sets[i % 4]})
        for i in range(80)
    ]
    found = ask(learn(config, known), {"text": "unheard of"}, {"text": "b c"})
    assert len(values(config, found[0])["flag"]) >= 1
    assert values(config, found[1])["flag"] == frozenset("bc")


def test_which_text_said_it_counts() -> None:
    """Of two texts the better one can be learned, though both use the same words."""
    config = parsed(
        PAIR,
        '<Choices name="c" toName="a"><Choice value="first"/><Choice value="second"/></Choices>',
    )
    said = ("a fine answer", "no idea")
    known = [
        Example(
            data={"a": f"{said[i % 2]} {i}", "b": f"{said[1 - i % 2]} {i}"},
            values={"c": frozenset({("first", "second")[i % 2]})},
        )
        for i in range(60)
    ]
    model = learn(config, known)
    asked = [{"a": said[0], "b": said[1]}, {"a": said[1], "b": said[0]}]
    found = [values(config, answer)["c"] for answer in ask(model, *asked)]
    assert found == [frozenset({"first"}), frozenset({"second"})]


@pytest.mark.parametrize(
    ("tag", "form"),
    [
        (
            '<HyperText name="t" value="$text"/>',
            "<p>hello<b>{}</b></p><script>awful lovely</script>",
        ),
        (
            '<Paragraphs name="t" value="$text" nameKey="who" textKey="says"/>',
            [{"who": "guest", "says": "{}", "x": "awful lovely"}, {"who": "host"}, "lovely", None],
        ),
    ],
)
def test_html_and_dialogues_are_read(tag: str, form: Any) -> None:
    """Their text teaches and is judged as if it stood alone; scripts and other keys are not it."""

    def filled(said: str) -> Json:
        if isinstance(form, str):
            return {"text": form.format(said)}
        return {"text": [form[0] | {"says": said}, *form[1:]]}

    config = parsed(tag, MOOD.format(""))
    known = [Example(data=filled(e.data["text"]), values=e.values) for e in moods()]
    found = ask(learn(config, known), filled("lovely"), filled("awful"), {"text": 7}, {"text": []})
    assert [values(config, answer)["mood"] for answer in found[:2]] == [{"good"}, {"bad"}]
    assert found[2:] == [Abstention("the task has no text")] * 2


def test_weights_decide_between_people_who_differ() -> None:
    """Of two that label the same texts against each other, the one who counts more is followed."""
    config = parsed(TEXT, MOOD.format(""))
    other = {"good": frozenset({"bad"}), "bad": frozenset({"good"})}
    right = [Example(data=e.data, values=e.values, weight=3.0) for e in moods()]
    wrong = [Example(data=e.data, values={"mood": other[min(e.values["mood"])]}) for e in moods()]
    (found,) = ask(learn(config, right + wrong), {"text": "a lovely day"})
    assert values(config, found) == {"mood": frozenset({"good"})}
    (found,) = ask(learn(config, [*moods(), *wrong, *wrong]), {"text": "a lovely day"})
    assert values(config, found) == {"mood": frozenset({"bad"})}


def test_the_order_of_the_examples_is_of_no_account() -> None:
    """The same examples in another order teach the same."""
    config = parsed(TEXT, MOOD.format(""))
    asked = [{"text": f"an awful lovely day {i}"} for i in range(5)]
    first, second = (ask(learn(config, known), *asked) for known in (moods(), moods()[::-1]))
    assert [a.score for a in first if isinstance(a, Proposal)] == pytest.approx(
        [a.score for a in second if isinstance(a, Proposal)], abs=1e-9
    )


def test_labels_that_are_gone_are_not_proposed() -> None:
    """A model that learned a label or a control that the config has no more leaves it out."""
    config = parsed(TEXT, MOOD.format(""))
    learned = ENGINE.fit(moods(), config, np.random.default_rng(0), Surroundings())
    fewer = parsed(TEXT, '<Choices name="mood" toName="t"><Choice value="bad"/></Choices>')
    (found,) = ask(ENGINE.model(learned, fewer, Surroundings()), {"text": "a lovely day"})
    assert values(fewer, found) == {"mood": frozenset({"bad"})}
    other = parsed(TEXT, '<Rating name="stars" toName="t"/>')
    (found,) = ask(ENGINE.model(learned, other, Surroundings()), {"text": "a lovely day"})
    assert found == Abstention("the label config has changed: train again")


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (moods(FEWEST_EXAMPLES - 1), f"{FEWEST_EXAMPLES - 1} of {FEWEST_EXAMPLES - 1} examples"),
        ([Example(data={"text": " "}, values=e.values) for e in moods()], "0 of 60 examples"),
        (moods()[::2], "all labels are the same"),
    ],
)
def test_what_cannot_be_learned_from_is_named(known: list[Example], reason: str) -> None:
    """Too few, empty and uniform examples each have their sentence."""
    with pytest.raises(Unfit, match=reason):
        learn(parsed(TEXT, MOOD.format("")), known)


def test_a_text_deep_in_the_data_is_read() -> None:
    """What `$call.text` shows is learned from and answered."""
    config = parsed('<Text name="t" value="$call.text"/>', MOOD.format(""))
    deep = [Example(data={"call": e.data}, values=e.values) for e in moods()]
    answers = ask(learn(config, deep), *(example.data for example in deep[:2]))
    assert [values(config, answer) for answer in answers] == [e.values for e in deep[:2]]
