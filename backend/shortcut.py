"""The way of most requests, past what only the others need."""

from __future__ import annotations

import hmac
import time
from base64 import b64encode
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from backend.metrics import SLOW, Metrics, note

#: Bytes of a body that goes this way.
_LARGEST = 8 * 1024 * 1024


class Shortcut:
    """Answers plain requests for predictions, and leaves all else to the application behind it.

    A web framework takes longer than the answer of a small model. Whatever is not quite usual goes
    the long way, where errors are put into words.
    """

    def __init__(
        self,
        behind: Callable[..., Iterable[bytes]],
        answer: Callable[[bytes, bool], bytes],
        login: tuple[str, str],
        metrics: Metrics,
    ) -> None:
        """Nothing is answered yet.

        Args:
            behind: the WSGI application for the other requests.
            answer: from a body, and whether a freeze asks, to the body of the answer.
            login: user and password.
            metrics: counts what goes this way.
        """
        self._behind, self._answer = behind, answer
        self._login = b"Basic " + b64encode(":".join(login).encode())
        self._count = metrics.requests.labels("/predict", "200")
        self._seconds = metrics.seconds.labels("/predict")

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request as WSGI wants it."""
        if environ["PATH_INFO"] != "/predict" or not self._is_plain(environ):
            return self._behind(environ, start)
        began = time.perf_counter()
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        for_freeze = environ.get("HTTP_X_ASSAY_PURPOSE") == "candidates"
        try:
            answer = self._answer(body, for_freeze)
        except Exception:
            # Asked once more, to say what is wrong with it.
            return self._behind(environ | {"wsgi.input": BytesIO(body)}, start)
        length = str(len(answer))
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", length)])
        self._count.inc()
        self._seconds.observe(took := time.perf_counter() - began)
        if took >= SLOW:
            note("/predict", 200, took)
        return [answer]

    def _is_plain(self, environ: dict[str, Any]) -> bool:
        given = environ.get("HTTP_AUTHORIZATION", "").encode("utf-8", "replace")
        length = environ.get("CONTENT_LENGTH") or ""
        return (
            environ["REQUEST_METHOD"] == "POST"
            and hmac.compare_digest(given, self._login)
            and length.isascii()
            and length.isdigit()
            and 0 < int(length) <= _LARGEST
        )
