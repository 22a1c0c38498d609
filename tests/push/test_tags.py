"""The tags on the project's description."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.gating.verdict import Criterion, State, Verdict
from sync.push.tags import describe, user_text, worst


def verdict(batch: str, state: State, lower: float = 0.5, upper: float = 0.95) -> Verdict:
    accepted = Criterion(
        name="acceptance", state=state, threshold=0.9, estimate=0.9, lower=lower, upper=upper, n=47
    )
    return Verdict(
        batch=batch,
        state=state,
        sentence=f"{state}: a sentence.",
        criteria=(accepted,),
        labels_left=60,
        extend_to=None,
        blind_answered=47,
        blind_asked=48,
        accepted=41.0,
        waiting=0,
        shown_answered=0,
        skips=0,
        edits=0,
        deleted=0,
        policy_digest="d",
    )


HOLD = verdict("b7", State.HOLD, upper=0.7801)
PASS = verdict("b6", State.PASS, lower=0.912)
MORE = verdict("b5", State.MORE)


@given(st.text(max_size=200))
def test_the_users_text_is_untouched(own: str) -> None:
    """Whatever a user wrote comes back exactly, however often we write."""
    if user_text(own) != own:
        return  # It begins with our own tags, so that part is ours.
    once = describe([HOLD, PASS], own)
    assert user_text(once) == own
    assert user_text(describe([MORE], user_text(once))) == own


def test_a_lost_separator_keeps_the_users_text() -> None:
    """Where someone deleted the dash, only what we are known to write is taken away."""
    assert user_text("[gate:HOLD] [batch:b7]\nHOLD: a sentence.\nOur text") == "Our text"


@pytest.mark.parametrize(
    ("description", "own"),
    [
        (
            "New words\n[gate:HOLD] [batch:b7]\nHOLD: a sentence.\n—\nOur text",
            "New words\nOur text",
        ),
        ("[gate:HOLD] [batch:b7] New words\nHOLD: a sentence.\n—\nOur text", "New words\nOur text"),
        ("[gate:HOLD] [batch:b7]\nHOLD: a sentence.\nNew words\n—\nOld", "New words\n—\nOld"),
        ("[gate:HOLD] [batch:b7]\r\nHOLD: a sentence.\r\n—\r\nOur text", "Our text"),
        (
            "Our cards say [gate:HOLD] [batch:x] when held",
            "Our cards say [gate:HOLD] [batch:x] when held",
        ),
    ],
)
def test_what_is_typed_into_our_lines_is_kept(description: str, own: str) -> None:
    """Words before, beside and below our lines stay, and so do tags that a user quotes."""
    assert user_text(description) == own


@pytest.mark.parametrize("token", ["[gate:]", "[gate:"])
def test_a_long_description_is_read_at_once(token: str) -> None:
    """A description that is all tokens, as long as Label Studio takes it, costs no whole second."""
    text = "x" + token * (100_000 // len(token))
    began = process_time()
    assert user_text(text) == text
    assert process_time() - began < 1


def test_a_users_own_brackets_are_theirs() -> None:
    """Tokens with keys that are not ours stay."""
    assert user_text("[team:nlp] Our text") == "[team:nlp] Our text"


def test_the_worst_batch_comes_first() -> None:
    """HOLD stands before MORE before PASS, and the details are the worst one's."""
    text = describe([PASS, MORE, HOLD], "")
    heads = "[gate:HOLD] [batch:b7] [gate:MORE] [batch:b5] [gate:PASS] [batch:b6]"
    assert text.startswith(heads + " [batch:b7] [blind:41/47] [bound:0.79<0.90]")
    assert worst([PASS, MORE]) is State.MORE
    assert worst([]) is None


def test_a_rounded_bound_stays_on_its_side() -> None:
    """0.8996 below 0.90 is not written as 0.90."""
    assert "[bound:0.8996<0.90]" in describe([verdict("b", State.HOLD, upper=0.8996)], "")
    assert "[bound:0.90≥0.90]" in describe([verdict("b", State.PASS, lower=0.9004)], "")


def test_no_batch_no_tags() -> None:
    """Without a verdict the description is the user's."""
    assert describe([], "Ours") == "Ours"
