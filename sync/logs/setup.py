"""One set-up for every process: its own loggers and those of libraries, by structlog."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Mapping
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

from sync.errors import describe, trail

if TYPE_CHECKING:
    from structlog.stdlib import ProcessorFormatter
    from structlog.typing import EventDict

#: Our loggers. Others are heard from WARNING on: below it they tell of requests and statements.
OURS = ("sync", "backend", "label_configs")

_log = logging.getLogger(__name__)


def as_json(form: str) -> bool:
    """Whether lines of this form (auto, json or text) are JSON; auto: where no terminal is."""
    return form == "json" or (form != "text" and not sys.stderr.isatty())


def configure(level: str, form: str = "auto", service: str = "") -> None:
    """Write logs to stderr; may be called again.

    Args:
        level: of our own loggers: DEBUG, INFO, WARNING or ERROR.
        form: auto, json or text.
        service: named in each line of JSON, such as "worker"; "" for a command of a person. In
            one that writes JSON, errors that nobody foresaw and warnings of Python are lines too.
    """
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _Lines)]:
        root.removeHandler(handler)
    lines, in_json = _Lines(), as_json(form)
    lines.setFormatter(_Formatter(in_json=in_json, service=service))
    lines.addFilter(_is_heard)
    root.addHandler(lines)
    root.setLevel(max(logging.getLevelName(level), logging.WARNING))
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    if service and in_json:
        logging.captureWarnings(True)
        sys.excepthook = _last_words
        threading.excepthook = lambda it: _last_words(it.exc_type, it.exc_value, it.exc_traceback)


def _is_heard(record: logging.LogRecord) -> bool:
    # A library may set its own level: werkzeug does, to INFO, at its first request.
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] in OURS


def _last_words(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _log.critical("an error that nobody foresaw ended it", exc_info=error or kind())


class _Lines(logging.StreamHandler[TextIO]):
    """Writes to whatever stderr is at the moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr

    def handleError(self, record: logging.LogRecord) -> None:
        """Say that a line is lost; logging would print its arguments, whatever they hold."""
        error = sys.exception()
        where = f"{record.filename}:{record.lineno}"
        told = describe(error) if error else "unknown"
        sys.stderr.write(f"assay: a line of the log at {where} is lost: {told}\n")


class _Formatter(logging.Formatter):
    """structlog's formatter, which is imported with the first line: most commands write none."""

    def __init__(self, *, in_json: bool, service: str) -> None:
        super().__init__()
        self._in_json, self._service = in_json, service

    @cached_property
    def _inner(self) -> ProcessorFormatter:
        from structlog import dev, processors, stdlib

        renderer: Any = dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
        if self._in_json:
            renderer = processors.JSONRenderer(serializer=json.dumps)
        return stdlib.ProcessorFormatter(
            processors=[
                processors.TimeStamper(fmt="iso", utc=True),
                stdlib.add_log_level,
                stdlib.add_logger_name,
                stdlib.ExtraAdder(),
                self._named,
                _explained,
                stdlib.ProcessorFormatter.remove_processors_meta,
                _masked if self._in_json else _on_one_line,
                renderer,
            ]
        )

    def format(self, record: logging.LogRecord) -> str:
        return self._inner.format(_safe(record))

    def _named(self, _: Any, __: str, event: EventDict) -> EventDict:
        return {**event, "service": self._service} if self._service and self._in_json else event


def _safe(record: logging.LogRecord) -> logging.LogRecord:
    """The record with errors described, and of a library's text the first line."""
    # What another handler's formatter left there is no field.
    kept = {k: v for k, v in record.__dict__.items() if k not in ("message", "asctime")}
    record = logging.makeLogRecord(kept)
    record.msg, args = _described(record.msg), record.args
    if isinstance(args, Mapping):
        record.args = {name: _described(value) for name, value in args.items()}
    elif args:
        record.args = tuple(_described(value) for value in args)
    if record.name.partition(".")[0] not in OURS:
        # What follows may be a traceback, which ends with the error's text.
        record.msg, record.args = record.getMessage().partition("\n")[0], ()
    return record


def _described(value: object) -> object:
    return describe(value) if isinstance(value, BaseException) else value


def _explained(_: Any, __: str, event: EventDict) -> EventDict:
    """Where an error came from, without its text."""
    found = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["error"], event["trail"] = describe(error), trail(error)
    return event


def _masked(_: Any, __: str, event: EventDict) -> EventDict:
    from sync.logs.masking import masked

    found: dict[str, Any] = masked(event)
    return found


def _on_one_line(_: Any, __: str, event: EventDict) -> EventDict:
    """Without control characters: no text from outside begins a line or colours one."""
    found = _masked(_, __, event)
    found["event"] = "".join(c if c.isprintable() else repr(c)[1:-1] for c in found["event"])
    return found
