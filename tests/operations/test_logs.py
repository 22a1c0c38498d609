"""Logs: one JSON object a line, or readable text, and never a secret or a foreign error's text."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from sync import logs
from sync.errors import Retriable
from sync.logs.masking import MASK, masked
from sync.records import Json
from sync.settings import PREFIX, Settings

SECRETS = [n for n, field in Settings.model_fields.items() if field.annotation is SecretStr]
#: With characters that an address, a repr and JSON write in another way.
VALUE = "n0t / to'be\\read&é"

_log = logging.getLogger("sync.a_part")


class Terminal(io.StringIO):
    """Somebody looks."""

    def isatty(self) -> bool:
        return True


Written = Callable[[], str]


@pytest.fixture
def written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Written]:
    """What was written to stderr since it was last asked."""
    for module in (sys, threading):
        monkeypatch.setattr(module, "excepthook", module.excepthook)
    yield lambda: capsys.readouterr().err
    logging.captureWarnings(False)


def lines(text: str) -> list[Json]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_service_writes_json(written: Written) -> None:
    """Without a terminal each line is an object with time, level, logger, service and fields."""
    logs.configure("INFO", service="worker")
    _log.info("pass", extra={"project": 3, "tasks": 7, "seconds": 0.5})
    _log.debug("not asked for")
    (line,) = lines(written())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "pass",
        "level": "info",
        "logger": "sync.a_part",
        "service": "worker",
        "project": 3,
        "tasks": 7,
        "seconds": 0.5,
    }


def test_a_terminal_shows_text(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal a line is text with its fields, and JSON where that is asked for."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    logs.configure("INFO")
    _log.info("pass", extra={"project": 3})
    told = terminal.getvalue()
    assert "pass" in told
    assert "project" in told
    assert not told.startswith("{")
    logs.configure("INFO", "json")
    _log.info("again")
    assert json.loads(terminal.getvalue().splitlines()[-1])["event"] == "again"


def test_setting_up_again_doubles_nothing(written: Written) -> None:
    """Command and service both set up logs; a line is written once."""
    logs.configure("WARNING", "text")
    logs.configure("INFO", "json")
    _log.info("once")
    assert len(lines(written())) == 1


def test_no_text_forges_a_line(written: Written) -> None:
    """A line break or an escape sequence from outside stays within its line, in both forms."""
    for form in ("text", "json"):
        logs.configure("INFO", form)
        _log.info("batch %s", "b1\n2026 [info] forged \x1b[31m", extra={"name_": "a\nb"})
    told = written()
    assert len(told.splitlines()) == 2
    assert "\x1b" not in told


def planted(secret: str) -> Iterator[Any]:
    """A secret wherever a log can hold one."""
    yield from (secret, f"x{secret}y", {"a": secret}, {secret: 1}, [secret], (1, {"b": [secret]}))
    yield from (secret.encode(), Retriable(f"refused: {secret}"), ValueError(secret), Path(secret))
    yield from (f"{secret!r}", quote(secret, safe=""), SecretStr(secret), {"f": {1: secret}})


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("form", ["json", "text"])
def test_secrets_planted_everywhere_are_blanked(
    name: str, form: str, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Message, argument, field, key, list, bytes or exception: no secret setting gets out."""
    monkeypatch.setenv(PREFIX + name.upper(), VALUE)
    logs.configure("DEBUG", form)
    for value in planted(VALUE):
        _log.info("%s", value)
        _log.info("told", extra={"field": value})
        logging.getLogger("rq.worker").warning("job %s", value)
        try:
            raise ValueError(VALUE)
        except ValueError:
            _log.exception(VALUE)
    told = written()
    assert "is lost" not in told
    forms = (VALUE, json.dumps(VALUE)[1:-1], repr(VALUE)[1:-1], quote(VALUE, safe=""))
    assert [form for form in forms if form in told] == []
    assert told.count(MASK) > 30


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Token SEKRET0123456789abcdef",
        "Authorization: Basic {basic}",
        "sent {'Authorization': 'Bearer SEKRET', 'n': 1}",
        '{"access_token": "SEKRET", "n": 1}',
        "GET /data?lang=en&access_token=SEKRET&page=2",
        "GET /x?X-Amz-Signature=SEKRET",
        "password=SEKRET host=h",
        "postgresql://assay:SEKRET@db/assay",
        "redis://:SEKRET@cache:6379/0",
        "http://lead:SEK/RET@host/",
        "X-Assay-Secret: SEKRET",
        "Cookie: sessionid=SEKRET; csrftoken=SEKRET",
        "key eyJhbGciOiJIUzI1NiJ9.eyJTRUtSRVQiOjF9.SEKRETc2lnbmF0dXJl",
    ],
)
def test_what_looks_like_a_secret_is_blanked(text: str) -> None:
    """Headers, tokens in addresses, passwords of databases, signed tokens: known ones or not."""
    basic = b64encode(b"user:SEKRET").decode()
    told = masked(text.format(basic=basic) if "{basic}" in text else text)
    assert MASK in told
    assert not any(one in told for one in ("SEKRET", "SEK/RET", basic, "eyJ"))


@pytest.mark.parametrize("name", ["password", "api_key", "X-Api-Key", "access_token", "Cookie"])
def test_a_field_by_a_secret_name_is_blanked(name: str) -> None:
    """Whatever it holds; a number of tokens is none."""
    assert masked({name: "x", "input_tokens": 12}) == {name: MASK, "input_tokens": 12}


def test_passwords_of_databases_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password inside ASSAY_DATABASE_URL is blanked wherever it stands, decoded or not."""
    monkeypatch.setenv("ASSAY_DATABASE_URL", "postgresql://assay:op%40n-door@db/assay")
    assert masked("op@n-door or op%40n-door") == f"{MASK} or {MASK}"


def test_harmless_lines_stay_as_they_are() -> None:
    """Sentences of ours about settings, addresses and counts are not touched."""
    for text in (
        "ASSAY_BACKEND_PASSWORD is not set: it is the password that Label Studio gives",
        "Label Studio at http://localhost:8080 cannot be reached: see it@example.com",
        "project 3: 12 new annotations, so it trains",
    ):
        assert masked(text) == text


def test_foreign_errors_do_not_speak(written: Written) -> None:
    """Of an error that is none of ours kind and place are told, as argument, field or trace."""
    logs.configure("INFO", "json")
    try:
        {}["a task's text"]
    except KeyError as error:
        _log.error("it failed: %s", error, extra={"why": error})
        _log.exception("it failed")
        logging.getLogger("werkzeug").error("Error on request:\nTraceback\nKeyError: %s", error)
    text = written()
    told = lines(text)
    assert "a task's text" not in text
    assert [line["event"].split(":")[0] for line in told] == ["it failed"] * 2 + [
        "Error on request"
    ]
    assert told[0]["why"].startswith("KeyError at test_logs.py:")
    assert told[1]["error"].startswith("KeyError at test_logs.py:")


def test_libraries_are_heard_from_warning_on(written: Written) -> None:
    """At DEBUG our own loggers tell all, and no library tells of requests or statements."""
    logs.configure("DEBUG", "json")
    _log.debug("ours")
    logging.getLogger("loud.library").setLevel(logging.INFO)
    for name in ("httpx", "sqlalchemy.engine", "werkzeug", "loud.library"):
        logging.getLogger(name).info("GET /api/tasks?query=private")
        logging.getLogger(name).warning("theirs")
    assert [line["event"] for line in lines(written())] == ["ours"] + ["theirs"] * 4


def test_a_broken_line_loses_itself_only(written: Written) -> None:
    """Arguments that do not fit are not printed, as Python's own logging does."""
    logging.getLogger().handlers.clear()  # pytest's own raise
    logs.configure("INFO", "json")
    _log.info("number %d", "private")
    told = written()
    assert "private" not in told
    assert "is lost: TypeError" in told


def test_an_unforeseen_end_of_a_service_is_a_line() -> None:
    """A service that ends by an error of Python says so as JSON, without the error's text."""
    code = (
        "from sync import logs; logs.configure('INFO', 'json', 'worker')\n"
        "import warnings; warnings.warn('odd')\n"
        "raise KeyError('private')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.returncode == 1
    assert [line["level"] for line in told] == ["warning", "critical"]
    assert told[1]["error"] == "KeyError at <string>:3"
    assert "private" not in done.stderr
