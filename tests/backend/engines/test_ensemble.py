"""Several engines as one: who fills what, how they agree, and what changes the version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import label_configs
from backend.engines import ENGINES, Abstention, Answer, Late, Proposal, Surroundings, Unfit
from backend.engines.base import Fixed, NoOptions
from backend.engines.ensemble import EnsembleEngine
from backend.options import Chosen, chosen, options_of
from backend.pooling.opinions import Opinion, Terms
from backend.pooling.pool import pool
from backend.registry import Registry
from backend.serving import Serving
from label_configs import LabelConfig
from sync.errors import ConfigurationError
from sync.records import Json
from sync.settings import Settings
from tests.backend.engines.cases import CHOICES, RULES, SENTENCES, SETS, TEXT, examples

BOTH = TEXT.format(
    CHOICES.format("c", "t")
    + '<Labels name="n" toName="t"><Label value="PER"/><Label value="ORG"/></Labels>'
)
BOXES = (
    '<View><Image name="i" value="$image"/><RectangleLabels name="b" toName="i">'
    '<Label value="cell"/><Label value="dust"/></RectangleLabels></View>'
)
VOTE = Terms(agree=0.5, by_score=False)


def control(xml: str, name: str) -> label_configs.Control:
    return label_configs.parse(xml).by_name[name]


@dataclass(frozen=True)
class Says(Fixed):
    """An engine that says what the task's data holds under its name."""

    name: str
    fills: tuple[str, ...]
    options = NoOptions

    def serves(self, config: LabelConfig, options: Any) -> tuple[str, ...]:
        return tuple(name for name in self.fills if name in config.by_name)

    def version(self, around: Any, config: Any) -> str:
        return "1"

    def model(self, learned: Any, config: LabelConfig, around: Any) -> Says:
        return self

    def predict(self, tasks: Sequence[Json], context: Json | None = None) -> list[Answer]:
        return [task["data"].get(self.name) or Abstention("as told") for task in tasks]


def mark(start: int, end: int, label: str, score: float) -> Json:
    value = {"start": start, "end": end, "labels": [label]}
    return {"from_name": "n", "to_name": "t", "type": "labels", "value": value, "score": score}


def choice(label: str, score: float) -> Json:
    value = {"choices": [label]}
    return {"from_name": "c", "to_name": "t", "type": "choices", "value": value, "score": score}


def said(*regions: Json) -> Proposal:
    return Proposal(result=list(regions), score=min([r["score"] for r in regions], default=0.9))


def ask(data: Json, **fills: tuple[str, ...]) -> Answer:
    """What an ensemble of these engines says, each of which fills these controls."""
    engines: dict[str, Any] = {name: Says(name, controls) for name, controls in fills.items()}
    engine, config = EnsembleEngine(engines), label_configs.parse(BOTH)
    table = {"ensemble": {"member": [{"engine": name} for name in fills]}}
    with pytest.MonkeyPatch.context() as patch:
        for name, one in (engines | {"ensemble": engine}).items():
            patch.setitem(ENGINES, name, one)
        around = Surroundings(options=options_of(table, "ensemble"))
    model = engine.model(None, config, around)
    return model.predict([{"id": 1, "data": {"text": "Ann of Acme"} | data}])[0]


def test_one_member_for_a_control_is_its_answer() -> None:
    """Controls of different members come together as each said them, at the least sure score."""
    answer = said(mark(0, 3, "PER", 0.6) | {"id": "mine", "meta": {"x": ["y"]}})
    found = ask({"a": said(choice("red", 0.8)), "b": answer}, a=("c",), b=("n",))
    assert found == Proposal(result=[choice("red", 0.8), *answer.result], score=0.6)


def test_members_that_abstain_have_no_opinion() -> None:
    """The other answers alone; where all abstain, so does the ensemble, with their reasons."""
    found = ask({"a": said(choice("red", 0.8))}, a=("c",), b=("c",))
    assert found == said(choice("red", 0.8))
    assert ask({}, a=("c",), b=("c",)) == Abstention("as told")


def test_a_late_member_is_waited_for() -> None:
    """An answer without it would be another one the next time, and be kept all the same."""
    found = ask({"a": said(choice("red", 0.8)), "b": Late("slow")}, a=("c",), b=("c",))
    assert found == Late("slow")


def test_members_that_differ_abstain() -> None:
    """One against one is no majority."""
    data = {"a": said(choice("red", 0.8)), "b": said(choice("blue", 0.6))}
    assert ask(data, a=("c",), b=("c",)) == Abstention("the engines differ on 'c'")


def test_the_score_is_the_linear_pool() -> None:
    """Two of three agree: the mean of their scores and of what the third leaves to their label."""
    data = {
        "a": said(choice("red", 0.9)),
        "b": said(choice("red", 0.7)),
        "c": said(choice("blue", 0.6)),
    }
    found = ask(data, a=("c",), b=("c",), c=("c",))
    assert isinstance(found, Proposal)
    # Two labels, so that 1 - 0.6 is left to red.
    assert found.score == pytest.approx((0.9 + 0.7 + 0.4) / 3)
    assert found.result[0]["value"]["choices"] == ["red"]


def test_spans_are_voted_for_one_by_one() -> None:
    """Of three members, two mark a name, one another; a label that two differ on is left out."""
    data = {
        "a": said(mark(0, 3, "PER", 0.9), mark(7, 11, "ORG", 0.8), mark(4, 6, "ORG", 0.3)),
        "b": said(mark(0, 3, "PER", 0.6), mark(7, 11, "PER", 0.8)),
        "c": said(),
    }
    found = ask(data, a=("n",), b=("n",), c=("n",))
    assert isinstance(found, Proposal)
    places = [(r["value"]["start"], r["value"]["labels"], r["score"]) for r in found.result]
    assert places == [(0, ["PER"], pytest.approx((0.9 + 0.6) / 3))]


def test_nothing_to_mark_is_agreed_on_too() -> None:
    """Where all members find nothing to mark, the proposal marks nothing."""
    found = ask({"a": said(), "b": said()}, a=("n",), b=("n",))
    assert found == Proposal(result=[], score=pytest.approx(0.9))


def box(x: float, label: str) -> Any:
    value = {"x": x, "y": 10, "width": 20, "height": 20, "rectanglelabels": [label]}
    region = {"from_name": "b", "to_name": "i", "type": "rectanglelabels", "value": value}
    return label_configs.read(label_configs.parse(BOXES), [region])["b"][0]


def test_boxes_are_matched_by_their_overlap() -> None:
    """Boxes that share two thirds are one; the surer engine's is kept."""
    opinions = [
        Opinion(1.0, (box(10, "cell"), box(60, "dust")), (0.6, 0.9)),
        Opinion(2.0, (box(12, "cell"),), (0.8,)),
    ]
    found = pool(control(BOXES, "b"), opinions, VOTE)
    assert found is not None
    assert found.value == (box(12, "cell"),)
    assert found.scores == (pytest.approx((0.6 + 2 * 0.8) / 3),)


LABELS = st.sampled_from(["red", "blue"])
WEIGHTS = st.sampled_from([0.5, 1.0, 2.0, 3.0])


@given(st.lists(st.tuples(LABELS, WEIGHTS, st.floats(0, 1)), min_size=2, max_size=7), st.booleans())
def test_the_most_weight_wins(votes: list[tuple[str, float, float]], by_score: bool) -> None:
    """As a sum by hand says, with a score in [0, 1] that does not depend on the members' order."""
    weights = {
        label: sum(w * (s if by_score else 1) for named, w, s in votes if named == label)
        for label in ("red", "blue")
    }
    opinions = [Opinion(w, frozenset({label}), (s,)) for label, w, s in votes]
    terms = Terms(agree=0.5, by_score=by_score)
    found = pool(control(BOTH, "c"), opinions, terms)
    if abs(weights["red"] - weights["blue"]) > 1e-9:
        assert found is not None
        assert found.value == frozenset({max(weights, key=weights.__getitem__)})
        assert 0 <= found.scores[0] <= 1
        again = pool(control(BOTH, "c"), opinions[::-1], terms)
        assert again is not None
        assert again.scores[0] == pytest.approx(found.scores[0])


def test_several_labels_are_each_agreed_on() -> None:
    """A label that half the weight is behind is chosen; doubt about the others lowers the score."""
    xml = BOTH.replace('name="c"', 'name="c" choice="multiple"')
    opinions = [
        Opinion(1.0, frozenset({"red", "blue"}), (0.8,)),
        Opinion(3.0, frozenset({"red"}), (0.9,)),
    ]
    found = pool(control(xml, "c"), opinions, VOTE)
    assert found is not None
    assert found.value == frozenset({"red"})
    # Blue is there with (0.8 + 3 * 0.1) / 4, so it is not with the rest.
    assert found.scores == (pytest.approx(1 - (0.8 + 3 * 0.1) / 4),)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({}, "has no member"),
        ({"member": [{"engine": "sklearn"}]}, "'sklearn'"),
        ({"member": [{"engine": "ensemble"}]}, "'ensemble'"),
        ({"member": [{"engine": "rules"}, {"engine": "rules"}]}, "once"),
        ({"member": [{"engine": "rules", "weight": 0.0}]}, "weight is 0"),
        ({"member": [{"engine": "rules"}], "agree": 1.5}, "agree is 1.5"),
        ({"member": [{"engine": "rules"}], "by": "luck"}, "'luck'"),
        ({"member": [{"engine": "rules", "wait": 1}]}, "did you mean"),
    ],
)
def test_wrong_options_are_named(table: Json, problem: str) -> None:
    """The sentence has the key, the value and what is allowed."""
    with pytest.raises(ConfigurationError, match=r"engine\.ensemble") as caught:
        options_of({"ensemble": table}, "ensemble")
    assert problem in str(caught.value)


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A team whose ensemble has rules and a text model."""
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    monkeypatch.setenv("ASSAY_CONFIG", str(tmp_path / "assay.toml"))
    (tmp_path / "rules.toml").write_text(RULES)
    (tmp_path / "assay.toml").write_text(
        '[engine]\nuse = "ensemble"\n[engine.rules]\nfile = "rules.toml"\n'
        '[[engine.ensemble.member]]\nengine = "rules"\n'
        '[[engine.ensemble.member]]\nengine = "sklearn_text"\n'
    )
    return Settings.load()


def test_rules_answer_before_the_first_training(team: Settings) -> None:
    """Members that need none do; the version tells when the rules change, and when one trained."""
    config = label_configs.parse(TEXT.format(CHOICES.format("c", "t")))
    serving, versions = Serving(team), []

    def served(text: str) -> Answer:
        found = serving.model(1, config)
        assert found is not None
        versions.append(found.version)
        return found.model.predict([{"id": 1, "data": {"text": text}}])[0]

    assert isinstance(served("a red one"), Proposal)
    assert served("number 3") == Abstention("no rule matches")
    (team.config.parent / "rules.toml").write_text(RULES.replace('"red"]', '"rot", "red"]'))
    assert isinstance(served("ein rotes rot"), Proposal)
    engine = chosen(team, 1, config)
    around = Surroundings(options=engine.options, settings=team)
    known = examples(SENTENCES, c=SETS)
    learned = ENGINES["ensemble"].fit(known, config, np.random.default_rng(0), around)
    Registry(team.home / "models").publish(1, "ensemble", learned, {})
    assert isinstance(served("number 3"), Proposal)
    assert len(dict.fromkeys(versions)) == 3
    assert all(version.startswith("ensemble@") for version in versions)


def test_nothing_to_learn_is_said_by_each(team: Settings) -> None:
    """Where no member can learn, the sentence has the reasons."""
    config = label_configs.parse(TEXT.format(CHOICES.format("c", "t")))
    around = Surroundings(options=chosen(team, 1, config).options, settings=team)
    with pytest.raises(Unfit, match=r"^sklearn_text: 0 of 0"):
        ENGINES["ensemble"].fit([], config, np.random.default_rng(0), around)


class Learns(Says):
    """One of several that learn."""

    learns = True


def automatic(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **fills: tuple[str, ...]) -> Chosen:
    """What is chosen where engines that learn fill these controls."""
    for name in list(ENGINES):
        if name != "ensemble":
            monkeypatch.delitem(ENGINES, name)
    for name, controls in fills.items():
        monkeypatch.setitem(ENGINES, name, Learns(name, controls))
    settings = Settings(config=tmp_path / "none.toml")
    return chosen(settings, 1, label_configs.parse(BOTH))


def test_auto_takes_what_fills_every_control(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One engine where it fills all, else the first for each control, as an ensemble."""
    assert automatic(monkeypatch, tmp_path, x=("c", "n"), y=("n",)).name == "x"
    found = automatic(monkeypatch, tmp_path, x=("c",), y=("c", "n"))
    members = [(member.engine, member.controls) for member in found.options.member]
    assert (found.name, members) == ("ensemble", [("x", ("c",)), ("y", ("n",))])
    assert not found.starts
