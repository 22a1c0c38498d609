"""Rules that a team writes: what they find, how they are counted, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import label_configs
from backend.engines import ENGINES, Abstention, Answer, Model, Proposal, Surroundings
from backend.engines.rules import RulesOptions
from backend.rules.patterns import PATIENCE, SECONDS, Budget
from sync.errors import ConfigurationError
from sync.records import Json
from sync.settings import Settings

FEELING = (
    '<View><Text name="t" value="$text"/><Choices name="feeling" toName="t"><Choice value="good"/>'
    '<Choice value="bad"/><Choice value="mixed"/></Choices></View>'
)
TOPICS = FEELING.replace('toName="t"', 'toName="t" choice="multiple"')
NAMES = (
    '<View><Text name="t" value="$text"/><Labels name="names" toName="t"><Label value="PER"/>'
    '<Label value="ORG"/></Labels></View>'
)
Make = Callable[[str, str], Model]


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings whose file, and so the rules, lie in a folder of their own."""
    monkeypatch.setenv("ASSAY_CONFIG", str(tmp_path / "assay.toml"))
    (tmp_path / "assay.toml").write_text("")
    return Settings.load()


@pytest.fixture
def make(tmp_path: Path, team: Settings) -> Make:
    """A model from rules and a label config."""

    def made(rules: str, xml: str) -> Model:
        (tmp_path / "rules.toml").write_text(rules)
        around = Surroundings(options=RulesOptions(file="rules.toml"), settings=team)
        return ENGINES["rules"].model(None, label_configs.parse(xml), around)

    return made


def ask(model: Model, **data: Any) -> Answer:
    return model.predict([{"id": 1, "data": data}])[0]


def proposal(model: Model, **data: Any) -> Proposal:
    found = ask(model, **data)
    assert isinstance(found, Proposal), found
    return found


def choices(found: Proposal) -> list[str]:
    return found.result[0]["value"]["choices"]


def spans(found: Proposal, text: str) -> list[tuple[str, str]]:
    return [
        (text[r["value"]["start"] : r["value"]["end"]], r["value"]["labels"][0])
        for r in found.result
    ]


VOTES = """
[[rule]]
label = "good"
words = ["lovely", "thank you"]
[[rule]]
label = "bad"
pattern = '\\b(awful|refund(ed|s)?)\\b'
weight = 2.0
[[rule]]
label = "good"
words = ["great"]
"""


@pytest.mark.parametrize(
    ("text", "label", "score"),
    [
        # One vote of weight 1, and one that is split among three labels: (1 + 1/3) / 2.
        ("A LOVELY day", "good", 4 / 6),
        ("thank\nyou", "good", 4 / 6),
        ("lovely and great", "good", (2 + 1 / 3) / 3),
        ("lovely, but I want a refund", "bad", (2 + 1 / 3) / 4),
    ],
)
def test_the_score_is_the_smoothed_share(make: Make, text: str, label: str, score: float) -> None:
    """The label with the most weight wins; one vote is split evenly among all labels."""
    found = proposal(make(VOTES, FEELING), text=text)
    assert choices(found) == [label]
    assert found.score == pytest.approx(score)


def test_a_tie_and_silence_abstain(make: Make) -> None:
    """Where no rule matches, or two labels weigh the same, nothing is proposed."""
    model = make(VOTES, FEELING)
    assert ask(model, text="unlovely") == Abstention("no rule matches")
    found = ask(model, text="great and lovely, yet awful")
    assert found == Abstention("the rules that match are tied on 'feeling'")


def test_a_measured_precision_is_the_score(make: Make) -> None:
    """The best one of the winner's, times the share of the weight that is for it."""
    rules = VOTES.replace('words = ["lovely"', 'score = 0.9\nwords = ["lovely"')
    model = make(rules, FEELING)
    assert proposal(model, text="lovely").score == pytest.approx(0.9)
    assert proposal(model, text="great").score == pytest.approx(4 / 6)
    rules = rules.replace("weight = 2.0", "weight = 0.5")
    assert proposal(make(rules, FEELING), text="lovely refund").score == pytest.approx(0.6)


def test_several_labels_are_voted_for_one_by_one(make: Make) -> None:
    """Where several may be chosen, each that a rule names is."""
    found = proposal(make(VOTES, TOPICS), text="lovely but awful")
    assert choices(found) == ["good", "bad"]
    # Labels are yes or no: (1 + 1/2) / 2 and (2 + 1/2) / 3.
    assert found.score == pytest.approx(0.75)


def test_taxonomies_and_stars_are_filled(make: Make) -> None:
    """A path is a list, stars are a number; each finds its control."""
    xml = (
        '<View><Text name="t" value="$text"/><Taxonomy name="where" toName="t">'
        '<Choice value="Food">'
        '<Choice value="Fish"/></Choice></Taxonomy><Rating name="stars" toName="t"/></View>'
    )
    rules = """
    [[rule]]
    label = ["Food", "Fish"]
    words = ["trout"]
    [[rule]]
    label = 4
    words = ["nice"]
    """
    found = proposal(make(rules, xml), text="a nice trout")
    values = {region["from_name"]: region["value"] for region in found.result}
    assert values == {"where": {"taxonomy": [["Food", "Fish"]]}, "stars": {"rating": 4}}


def test_conditions_choose_the_tasks(make: Make) -> None:
    """A rule with conditions is for tasks whose fields have these values; true is not 1."""
    rules = """
    [[rule]]
    label = "good"
    when = { "meta.source" = ["mail", "chat"], paid = 1 }
    """
    model = make(rules, FEELING)
    assert choices(proposal(model, text="x", paid=1, meta={"source": "chat"})) == ["good"]
    for paid, source in ((1, "web"), (True, "chat"), (None, "chat")):
        assert isinstance(ask(model, text="x", paid=paid, meta={"source": source}), Abstention)


def test_the_longest_of_overlapping_marks_stays(make: Make, tmp_path: Path) -> None:
    """A list in a file, a list here and a pattern: the longest match wins, whole words only."""
    (tmp_path / "firms.txt").write_text("New York Times\nTimes\n\nAcme\n")
    rules = """
    [[rule]]
    label = "ORG"
    file = "firms.txt"
    [[rule]]
    label = "PER"
    words = ["York"]
    [[rule]]
    pattern = '(?P<PER>[A-Z]\\w+) of (?P<ORG>[A-Z]\\w+)'
    case = true
    """
    text = "🎉 The New York Times and Sometimes acme; Ann of Acmes"
    found = proposal(make(rules, NAMES), text=text)
    expected = [("New York Times", "ORG"), ("acme", "ORG"), ("Ann", "PER"), ("Acmes", "ORG")]
    assert spans(found, text) == expected
    assert found.score == pytest.approx((1 + 1 / 2) / 2)


def test_dialogues_and_html_are_marked(make: Make) -> None:
    """Regions lie where Label Studio reads the same words."""
    rules = '[[rule]]\nlabel = "PER"\nwords = ["Åsa 🎉"]\nscore = 0.5\n'
    chat = NAMES.replace("<Text", "<Paragraphs").replace("<Labels", "<ParagraphLabels")
    chat = chat.replace("</Labels", "</ParagraphLabels")
    data: Json = {"text": [{"text": "🎉 hello"}, {"text": "🎉 is åsa 🎉 in?"}]}
    found = proposal(make(rules, chat), **data)
    value = found.result[0]["value"]
    place = value["start"], value["startOffset"], value["end"], value["endOffset"]
    assert place == ("1", 6, "1", 12)
    page = NAMES.replace("<Text", "<HyperText").replace("Labels", "HyperTextLabels")
    data = {"text": "<p>One</p><p>is <b>Åsa</b> 🎉!</p>"}
    value = proposal(make(rules, page), **data).result[0]["value"]
    assert value["globalOffsets"] == {"start": 6, "end": 11}
    assert (value["start"], value["end"]) == ("/p[2]/b[1]/text()[1]", "/p[2]/text()[2]")


def test_answers_in_the_data_are_copied(make: Make) -> None:
    """Boxes and transcripts that a team has already become proposals; what is none abstains."""
    xml = (
        '<View><Image name="i" value="$image"/><RectangleLabels name="box" toName="i">'
        '<Label value="cell"/></RectangleLabels><TextArea name="said" toName="i"/></View>'
    )
    rules = """
    [[rule]]
    control = "box"
    copy = "machine.boxes"
    score = 0.8
    [[rule]]
    control = "said"
    copy = "machine.text"
    """
    model = make(rules, xml)
    box = {"x": 1, "y": 2, "width": 30, "height": 40, "label": "cell"}
    found = proposal(model, image="x", machine={"boxes": [box], "text": "red"})
    assert [region["score"] for region in found.result] == [0.8, 0.5]
    assert found.result[0]["value"]["rectanglelabels"] == ["cell"]
    assert found.result[1]["value"]["text"] == ["red"]
    found = ask(model, image="x", machine={"boxes": [box | {"label": "secret"}]})
    assert found == Abstention("rule 1 copies a field that holds no answer to 'box'")


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ('lable = "good"', "did you mean label?"),
        ('label = "god"\nwords = ["x"]', "'god'"),
        ('label = "good"\nwords = ["x"]\ncontrol = "f"', "rules fill are feeling"),
        ('label = "good"', "looks for nothing"),
        ('label = "good"\nwords = ["x"]\npattern = "x"', "words and pattern"),
        ('label = "good"\nwords = [" "]', "holds no word"),
        ('label = "good"\nfile = "none.txt"', "none.txt"),
        ('label = "good"\npattern = "("', "pattern is '('"),
        ('label = "good"\npattern = "x"\ngroup = 2', "no group 2"),
        ('pattern = "x"', "no named group"),
        ('label = "good"\nwords = ["x"]\nweight = 0', "weight is 0"),
        ('label = "good"\nwords = ["x"]\nscore = 1.5', "score is 1.5"),
        ('label = "good"\ncopy = "x"', "leave it out"),
        ('label = "good"\nwhen = 3', "when is 3"),
        ('words = ["x"]', "has no label"),
    ],
)
def test_a_wrong_rule_is_named(make: Make, rule: str, problem: str) -> None:
    """The sentence names the file, the rule, and what is wrong."""
    first = '[[rule]]\nlabel = "bad"\nwords = ["x"]\n'
    with pytest.raises(ConfigurationError, match=re.escape(problem)) as caught:
        make(f"{first}[[rule]]\n{rule}\n", FEELING)
    assert "rules.toml" in str(caught.value) or "none.txt" in str(caught.value)
    assert ": rule 2: " in str(caught.value) or "none.txt" in str(caught.value)


@pytest.mark.parametrize("text", ["", "x = 1", "rule = 3", "[[rule]", "[[rule]]\n[other]"])
def test_a_file_without_rules_is_named(make: Make, text: str) -> None:
    """A file that is no TOML, or holds something else, is refused by its name."""
    with pytest.raises(ConfigurationError, match=r"rules\.toml"):
        make(text, FEELING)


def test_the_version_follows_the_files(make: Make, team: Settings, tmp_path: Path) -> None:
    """A change of the rules or of a list of words changes the version, and what is proposed."""
    around = Surroundings(options=RulesOptions(file="rules.toml"), settings=team)
    config, engine = label_configs.parse(FEELING), ENGINES["rules"]
    (tmp_path / "words.txt").write_text("fine\n")
    model = make('[[rule]]\nlabel = "good"\nfile = "words.txt"', FEELING)
    assert isinstance(ask(model, text="superb"), Abstention)
    before = engine.version(around, config)
    (tmp_path / "words.txt").write_text("fine\nsuperb\n")
    after = engine.version(around, config)
    assert before != after == engine.version(around, config)
    assert choices(proposal(engine.model(None, config, around), text="superb")) == ["good"]


def test_a_pattern_that_never_ends_is_stopped(make: Make) -> None:
    """A text made for a pattern costs a fraction of a second, many of them not many times that."""
    model = make("[[rule]]\nlabel = 'good'\npattern = '^(a|aa|fine)+$'", FEELING)
    tasks = [{"id": i, "data": {"text": "a" * 60 + "!"}} for i in range(100)]
    budget = Budget()
    found = model.predict([*tasks[:1], {"id": 0, "data": {"text": "fine"}}])
    slow = Abstention("the patterns of the rules take too long on this text")
    assert found[0] == slow
    assert isinstance(found[1], Proposal)
    started = budget.clock()
    assert model.predict(tasks) == [slow] * 100
    assert budget.clock() - started < 4 * PATIENCE * SECONDS
