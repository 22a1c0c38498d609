"""Endpoints that answer with any JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import label_configs
from backend.llm.account import Account, Usage
from backend.llm.asking import Asking, Line, Outcome
from backend.llm.cache import Cache
from backend.llm.conversation import Conversation, worst
from backend.llm.options import LlmOptions
from backend.llm.persistence import Persistence
from backend.llm.prompts import Prompt
from backend.llm.replies import usage_of
from backend.llm.storage import Storage
from label_configs import spoken
from tests.backend.llm.conftest import CHOICES, NAMES, TEXT

CONFIG = label_configs.parse(TEXT.format(CHOICES + NAMES))
DATA = {"text": "Ann met Ann in Oslo"}
outer = ["choices", "message", "content", "finish_reason", "usage", "refusal", "prompt_tokens"]
inner = ["logprobs", "logprob", "c", "n", "text", "label", "occurrence", "answer", "confidence"]
names = st.sampled_from([*outer, *inner])
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**20)
    | st.floats()
    | st.sampled_from(["red", "Ann", "PER", "stop", "length", "{}", '{"c": "red"}', "\ud800"])
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
    max_leaves=12,
)
quotes = st.fixed_dictionaries(
    {"text": scalars, "occurrence": scalars, "label": st.sampled_from(["PER", "LOC", "X"])}
)
answers = st.fixed_dictionaries({"c": scalars, "n": st.lists(quotes | anything, max_size=3)})
contents = (anything | answers).map(json.dumps) | st.text(max_size=20)


def replied(content: Any, more: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": content}, "finish_reason": "stop"}]} | more


replies = st.dictionaries(names, anything) | st.builds(
    replied, contents, st.fixed_dictionaries({"usage": anything})
)


class Fake:
    """An endpoint without a network."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def ask(self, body: Any, seconds: float) -> Any:
        return self.answer


@given(answer=replies, score=st.sampled_from(["none", "stated", "logprobs"]))
def test_any_reply_is_an_answer_or_a_reason(answer: Any, score: str) -> None:
    """Only what fits schema and task becomes an answer; a reason is short and quotes nothing."""
    options = LlmOptions(model="m", score=score)
    storage = Storage(None)
    line = Line(
        endpoint=Fake(answer),  # type: ignore[arg-type]
        persistence=Persistence(0, np.random.default_rng(0)),
        account=Account(storage, options),
        cache=Cache(storage, 1),
    )
    prompt = Prompt(name="p", version="1", text="{schema}")
    conversation = Conversation(config=CONFIG, options=options, prompt=prompt)
    asking = Asking(conversation=conversation, line=line)
    asked = asking.key_and_body(DATA)
    assert not isinstance(asked, Outcome)
    found = asking.outcome(*asked, DATA)
    if found.answer is None:
        assert 0 < len(found.reason) < 150
        assert "Ann" not in found.reason
    else:
        values = spoken.values(CONFIG, found.answer, DATA)
        assert values["c"] <= {"red", "blue"}
        assert found.sure is None or 0 <= found.sure <= 1
    assert asking.remembered(asked[0]) in (found, None)
    storage.close()


@given(told=anything)
def test_any_usage_is_counted(told: Any) -> None:
    """Tokens are whole numbers from 0 that a database holds, or the most that can have been."""
    most = worst({"messages": [{"content": "x"}], "max_tokens": 5})
    used = usage_of({"usage": told}, most)
    assert used == most or 0 <= min(used.input_tokens, used.output_tokens) < 2**62
    account = Account(Storage(None), LlmOptions(model="m"))
    account.settle(Usage(0, 0), used)
