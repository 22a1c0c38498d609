"""One task after another is asked: remembered answers first, within time and cost."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from backend.llm.account import Account, Usage
from backend.llm.cache import Cache
from backend.llm.conversation import Conversation, Rejected, key_of, worst
from backend.llm.endpoint import Busy, Endpoint
from backend.llm.persistence import Persistence
from backend.llm.replies import Declined, reply_of, usage_of
from backend.llm.showing import shown
from sync.errors import Fatal, Retriable, Skippable
from sync.records import Json

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a task: an answer, or why there is none."""

    #: As `label_configs.spoken` has it; None where there is none.
    answer: Json | None = None
    #: How sure the model is of it, in [0, 1]; None where that is not known.
    sure: float | None = None
    reason: str = ""
    #: Whether there was too little time, so that the same question may have an answer later.
    late: bool = False

    def stored(self) -> Json:
        """As the cache keeps it."""
        return {"answer": self.answer, "sure": self.sure, "reason": self.reason}


@dataclass(frozen=True, kw_only=True)
class Line:
    """The way to an endpoint for one project."""

    endpoint: Endpoint
    persistence: Persistence
    account: Account
    cache: Cache


@dataclass(kw_only=True)
class Asking:
    """Asks about the tasks of one request. Threads share it."""

    conversation: Conversation
    line: Line
    #: Makes a data URI of what a task names as an image; None where images are not sent.
    image: Callable[[Any], str] | None = None
    #: No attempt starts after this moment of the clock.
    until: float = float("inf")
    clock: Callable[[], float] = time.monotonic
    #: Why no more is asked, once that is so.
    _halted: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def key_and_body(self, data: Json) -> tuple[str, Json] | Outcome:
        """What a task is known by, and the request about it; or why it is not asked."""
        options = self.conversation.options
        try:
            seen = shown(self.conversation.config, data, self.image)
        except Skippable as error:
            return Outcome(reason=str(error))
        if len(seen.text()) > options.most_characters:
            return Outcome(reason="the task is longer than engine.llm.most_characters")
        body = self.conversation.body(data, seen)
        return key_of(options.url, body), body

    def remembered(self, key: str) -> Outcome | None:
        """What the cache holds."""
        found = self.line.cache.get(key)
        if found is None:
            return None
        self.line.account.remember()
        return Outcome(**found)

    def outcome(self, key: str, body: Json, data: Json) -> Outcome:
        """What the model answers; whatever depends on the task alone is remembered."""
        if self._halted:
            return Outcome(reason=self._halted)
        try:
            found = self._asked(body, data)
        except (Rejected, Declined) as error:
            found = Outcome(reason=str(error))
        except (Retriable, Skippable) as error:
            return Outcome(reason=str(error))
        except Fatal as error:
            with self._lock:
                self._halted = str(error)
            return Outcome(reason=str(error))
        try:
            self.line.cache.put(key, found.stored())
        except sqlite3.Error as error:
            # It is paid for, and no less an answer.
            _log.warning("an answer could not be kept: %s", type(error).__name__)
        return found

    def _asked(self, body: Json, data: Json) -> Outcome:
        """The model's answer; one that is not accepted is asked for once more."""
        try:
            return self._answer(body, data)
        except Rejected as error:
            again = self.conversation.again(body, error.content, error.fault)
        return self._answer(again, data)

    def _answer(self, body: Json, data: Json) -> Outcome:
        answer = self.line.persistence.tried(lambda: self._exchange(body), self.until)
        try:
            reply = reply_of(answer)
        except Declined:
            raise
        except Skippable as error:
            raise Rejected(str(error)) from None
        found, sure = self.conversation.understood(reply, data)
        return Outcome(answer=found, sure=sure)

    def _exchange(self, body: Json) -> Json:
        """One request, booked at its worst until it is known what it took."""
        account, most = self.line.account, worst(body)
        options = self.conversation.options
        if not account.reserve(most):
            raise Fatal(
                f"the budget is used up: engine.llm.most_cost is {options.most_cost:g} for the "
                "project"
            )
        used = Usage(0, 0)
        try:
            answer = self.line.endpoint.ask(body, options.timeout_seconds)
            used = usage_of(answer, most)
            return answer
        except Busy as error:
            # Whether a request that broke off is billed is the vendor's to know.
            used = most if error.billed else used
            raise
        finally:
            account.settle(most, used)
