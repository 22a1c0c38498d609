"""Texts are compared after a stated normalisation."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import label_configs
from label_configs.kinds import text_area
from sync.errors import Malformed

CONFIG = label_configs.parse(
    '<View><Audio name="t" value="$audio"/><TextArea name="c" toName="t"/></View>'
)
CONTROL = CONFIG.controls[0]
texts = st.text("ab c'.É\n", max_size=12)


def region(text: Any) -> dict[str, Any]:
    return {"from_name": "c", "to_name": "t", "type": "textarea", "value": {"text": text}}


def apart(a: str, b: str) -> float:
    return text_area.distance(CONTROL, (a,), (b,))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Don't stop!", "dont stop"),
        ("well-known", "wellknown"),
        ("  two\n lines ", "two lines"),
        ("STRASSE", "straße"),
        ("caf\u00e9", "cafe\u0301"),
        ("ﬁne", "fine"),
        ("Hello，你好。", "hello你好"),
        ("¿Qué?", "qué"),
    ],
)
def test_what_normalisation_forgives(a: str, b: str) -> None:
    """Case, punctuation, white space, and ways of encoding a character make no difference."""
    assert apart(a, b) == 0


@pytest.mark.parametrize(("a", "b"), [("resume", "résumé"), ("5 $", "5 €"), ("1.5", "1 5")])
def test_what_normalisation_does_not_forgive(a: str, b: str) -> None:
    """Accents, symbols and spaces between words are kept."""
    assert apart(a, b) > 0


def test_the_textbook_example_of_edits() -> None:
    """Three edits make "kitten" "sitting", so 2 * 3 / (6 + 7 + 3)."""
    assert apart("kitten", "sitting") == 6 / 16


@given(texts, texts, texts)
def test_it_is_a_metric_of_normalised_texts(a: str, b: str, c: str) -> None:
    """Symmetric, in [0, 1], 0 exactly for equal ones, and no detour is shorter."""
    assert apart(a, b) == apart(b, a)
    assert 0 <= apart(a, b) <= 1
    same = text_area.normalised((a,)) == text_area.normalised((b,))
    assert (apart(a, b) == 0) == same
    assert apart(a, c) <= apart(a, b) + apart(b, c) + 1e-12


@given(texts.filter(lambda text: text_area.normalised((text,))), texts)
def test_error_rates_agree_with_jiwer(a: str, b: str) -> None:
    """The character and the word error rate are jiwer's of the normalised texts."""
    import jiwer

    left, right = text_area.normalised((a,)), text_area.normalised((b,))
    characters, words = text_area.error_rates(CONTROL, (a,), (b,))
    assert characters == pytest.approx(jiwer.cer(left, right))
    assert words == pytest.approx(jiwer.wer(left, right))
    assert text_area.word_error_rate(a, b) == words


def test_error_rates_without_a_reference_are_unknown() -> None:
    """Nothing can be divided by the length of nothing."""
    assert text_area.error_rates(CONTROL, ("...",), ("a",)) == (None, None)
    assert text_area.error_rates(CONTROL, ("a b",), ("",)) == (1.0, 1.0)
    assert text_area.error_rates(CONTROL, ("a b",), None) == (1.0, 1.0)


def test_real_transcripts(datasets: Path) -> None:
    """Of 38,969 real transcripts the mean error rate is .22 and the median .154 (README there)."""
    lines = (datasets / "crowdspeech_dev" / "items.jsonl").read_text().splitlines()
    rates = [
        text_area.word_error_rate(item["gold"], label["value"])
        for item in map(json.loads, lines)
        for label in item["labels"]
    ]
    known = [rate for rate in rates if rate is not None]
    assert len(known) == len(rates) == 38_969
    assert statistics.mean(known) == pytest.approx(0.22, abs=0.005)
    assert statistics.median(known) == pytest.approx(0.154, abs=0.0005)


def test_an_exact_text_is_its_category() -> None:
    """One line is itself, several are a list; nothing is forgiven."""
    kind = label_configs.kind_of(CONTROL)
    kinds = [kind.category(CONTROL, v) for v in (("a b",), ("a", "b"), ("A b",), ('["a", "b"]',))]
    assert kinds == ["a b", '["a", "b"]', "A b", r'["[\"a\", \"b\"]"]']


def test_lines_of_several_regions_are_one_answer() -> None:
    """Older versions of Label Studio left a region for each line."""
    assert label_configs.read(CONFIG, [region("a"), region(["b", "c"])]) == {"c": ("a", "b", "c")}


@pytest.mark.parametrize("text", ["", [], [""], [" ", "\n"]])
def test_white_space_is_no_answer(text: Any) -> None:
    """A field that was left empty says nothing."""
    assert label_configs.read(CONFIG, [region(text)]) == {}


@pytest.mark.parametrize("text", [None, 1, ["a", 1], {"a": "b"}, [["a"]]])
def test_what_is_no_text_is_named(text: Any) -> None:
    """Everything else is malformed, and the region named."""
    with pytest.raises(Malformed, match="region 'r': it holds no list of texts"):
        label_configs.read(CONFIG, [region(text) | {"id": "r"}])
