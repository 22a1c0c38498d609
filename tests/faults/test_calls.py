"""What a call to Label Studio comes to, whatever happens to it on the way."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest

from sync.errors import ConfigurationError, Retriable
from sync.labelstudio.replies import Missing
from sync.labelstudio.transport import LONGEST_ASKED, Patience, Transport
from tests.faults.line import BODY, IMPATIENT, Open, Upstream, token
from tests.faults.proxy import PAGE, Fault

BROKEN = [fault for fault in Fault if fault not in (Fault.NONE, Fault.LATENCY, Fault.EXPIRED)]


@pytest.mark.parametrize("fault", Fault)
def test_a_question_is_answered_in_the_end(line: Open, fault: Fault) -> None:
    """One broken try costs one pause, and the next one's answer counts."""
    one = line(fault)
    assert one.transport.get("api/x") == BODY
    assert len(one.pauses) == (fault in BROKEN)


@pytest.mark.parametrize("fault", BROKEN)
def test_what_creates_reaches_the_server_at_most_once(
    line: Open, upstream: Upstream, fault: Fault
) -> None:
    """A POST is told as failed, unless the server surely did nothing."""
    one = line(fault)
    if fault is Fault.TOO_MANY:
        assert one.transport.post("api/x", {"a": 1}) == BODY
    else:
        with pytest.raises(Retriable):
            one.transport.post("api/x", {"a": 1})
        assert one.pauses == []
    assert len(upstream.acted) <= 1


@pytest.mark.parametrize("fault", BROKEN)
def test_a_failure_is_one_sentence(line: Open, fault: Fault) -> None:
    """It names the call, and neither the key nor the page that came."""
    one = line(*[fault] * 2, key="very-secret", patience=replace(IMPATIENT, tries=2))
    with pytest.raises(Retriable, match="GET api/x") as found:
        one.transport.get("api/x")
    assert len(one.pauses) == 1
    assert "very-secret" not in str(found.value)
    assert "<" not in str(found.value)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_server_that_restarts_is_waited_for(line: Open, upstream: Upstream, method: str) -> None:
    """What nobody took is sent again, writes too."""
    one = line()
    one.transport.get("api/x")
    one.proxy.down()
    one.meanwhile = one.proxy.up
    assert one.transport.call(method, "api/y", repeat=method == "GET") == BODY
    assert upstream.acted == [("GET", "/api/x"), (method, "/api/y")]
    assert len(one.pauses) == 1


def test_a_busy_server_says_how_long_to_wait(line: Open) -> None:
    """Retry-After of seven seconds is a pause of seven seconds."""
    one = line(Fault.TOO_MANY)
    one.transport.get("api/x")
    assert one.pauses == [7.0]


def test_a_server_cannot_stop_us_for_hours(line: Open, upstream: Upstream) -> None:
    """A Retry-After beyond reason is cut."""
    upstream.replies = [(503, {"Retry-After": "86400"}, b"{}")]
    one = line()
    one.transport.get("api/x")
    assert one.pauses == [LONGEST_ASKED]


def test_the_budget_is_of_time_too(line: Open) -> None:
    """After three minutes no further try begins, however few there were."""
    ticks = itertools.count(step=100)
    one = line(*[Fault.ERROR] * 5, clock=lambda: next(ticks), patience=Patience(whole=1e9))
    with pytest.raises(Retriable):
        one.transport.get("api/x")
    assert len(one.proxy.seen) < 3


def test_a_reply_that_never_ends_is_given_up(line: Open) -> None:
    """A server that keeps on sending is bounded by the whole time of a call."""
    ticks = itertools.count(step=700)
    one = line(clock=lambda: next(ticks), patience=Patience(tries=1))
    with pytest.raises(Retriable, match="did not answer GET api/x in time"):
        one.transport.get("api/x")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_access_token_that_expires_is_renewed(
    line: Open, upstream: Upstream, method: str
) -> None:
    """The call goes on with a new one, without a pause, and the server acts once."""
    one = line(Fault.NONE, Fault.NONE, Fault.EXPIRED, key=token("refresh"))
    one.transport.get("api/x")
    assert one.transport.call(method, "api/y", repeat=False) == BODY
    assert upstream.tokens == 2
    assert upstream.acted == [("GET", "/api/x"), (method, "/api/y")]
    assert one.pauses == []


def test_an_account_that_is_closed_is_told(line: Open) -> None:
    """Where the new access token is refused as well, the key is named."""
    faults = [Fault.NONE, Fault.EXPIRED, Fault.NONE, Fault.EXPIRED]
    one = line(*faults, key=token("refresh"))
    with pytest.raises(ConfigurationError, match="refuses ASSAY_LABEL_STUDIO_API_KEY"):
        one.transport.get("api/x")


@pytest.mark.parametrize("fault", BROKEN)
def test_a_token_that_cannot_be_renewed_now_is_asked_for_again(
    line: Open, upstream: Upstream, fault: Fault
) -> None:
    """Not even a write is lost by a fault of the refresh: it was not sent yet."""
    one = line(fault, key=token("refresh"))
    assert one.transport.post("api/x", {}) == BODY
    assert upstream.acted == [("POST", "/api/x")]
    assert len(one.pauses) == 1


def test_a_server_below_a_path_renews_its_tokens_there(line: Open, upstream: Upstream) -> None:
    """The refresh goes to the same path as every other call."""
    one = line(key=token("refresh"))
    below = Transport(f"{one.proxy.url}/ls", token("refresh"), sleep=lambda seconds: None)
    assert below.get("api/x") == BODY
    assert [path for _, path, _ in one.proxy.seen] == ["/ls/api/token/refresh/", "/ls/api/x"]
    below.close()


def test_a_page_that_says_not_found_deletes_nothing(line: Open, upstream: Upstream) -> None:
    """A gateway's page is no word of Label Studio's: the call is repeated."""
    upstream.replies = [(404, {}, PAGE), (404, {}, json.dumps({"detail": "no"}).encode())]
    one = line()
    with pytest.raises(Missing):
        one.transport.get("api/x")
    assert len(one.pauses) == 1


def test_a_write_is_not_sent_elsewhere(line: Open, upstream: Upstream) -> None:
    """A redirect would make it a GET, so the setting is named."""
    upstream.replies = [(301, {"Location": "https://ls.example.com/api/x"}, b"")]
    with pytest.raises(ConfigurationError, match=r"ls\.example\.com/api/x: set ASSAY_LABEL_STUDIO"):
        line().transport.post("api/x", {})


@pytest.mark.parametrize("key", ["secret\n", "sec ret", "sécret"])
def test_a_key_that_cannot_be_sent_is_not_quoted(key: str) -> None:
    """A line end that was copied with it is told before anything is sent."""
    with pytest.raises(ConfigurationError, match="copy it once more") as found:
        Transport("http://127.0.0.1:1", key, sleep=lambda seconds: None)
    assert "cret" not in str(found.value)
