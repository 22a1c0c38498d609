"""`assay doctor` looks at Redis."""

from __future__ import annotations

from sync.doctor import State, here
from sync.doctor.finding import look
from sync.settings import Settings
from tests.jobs.workshop import RedisServer


def found(url: str) -> tuple[State, str]:
    finding = look("Redis", lambda: here.redis(Settings(redis_url=url)))
    return finding.state, finding.detail


def test_redis_is_tried_with_its_password(redis: RedisServer) -> None:
    """It answers, refuses a wrong password, is missed once it is gone; no secret is told."""
    state, text = found(redis.url)
    assert (state, text.endswith("answers")) == (State.OK, True)
    wrong = redis.url.replace(":", ":wrong-", 2).replace("redis:wrong-", "redis:")
    assert wrong != redis.url
    state, text = found(wrong)
    assert state is State.WRONG
    assert "ASSAY_REDIS_URL" in text
    assert "wrong-" not in text
    redis.stop()
    state, text = found(redis.url)
    assert state is State.WARNING
    assert "start it" in text
