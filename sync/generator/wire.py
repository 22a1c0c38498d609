"""JSON over HTTP to one ML backend, with the retries that make sense for predictions."""

from __future__ import annotations

import json
import random
import threading
import time
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from sync.generator.faults import Failure, Kind, of_error, of_status
from sync.records import Json

#: Seconds to connect.
CONNECT_SECONDS = 5
#: Tries of a request, seconds before the second one and at most before any.
TRIES, PAUSE, LONGEST_PAUSE = 4, 0.5, 15.0
#: Bytes of an answer.
LARGEST = 256 * 1024 * 1024


class _Basic(AuthBase):
    """Basic authentication in UTF-8: that of requests knows Latin-1 only."""

    def __init__(self, user: str, password: str) -> None:
        self._value = "Basic " + b64encode(f"{user}:{password}".encode()).decode()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._value
        return request


class Wire:
    """A client of one address; it follows no redirect, so nothing is sent anywhere else."""

    def __init__(
        self, url: str, user: str, password: str, headers: Mapping[str, str], pause: float = PAUSE
    ) -> None:
        """Nothing is sent before the first call."""
        self.url = url.rstrip("/")
        self._pause = pause
        self._stopped = threading.Event()
        self._jitter = random.Random()  # noqa: S311 - spreads retries, protects nothing
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=32))
        self._session.headers.update(headers)
        if user or password:
            self._session.auth = _Basic(user, password)

    def close(self) -> None:
        """Close the connections; whoever waits to try again gives up."""
        self._stopped.set()
        self._session.close()

    def get(self, path: str, seconds: float) -> int:
        """The status that a GET is answered with.

        Raises:
            Failure: there is no answer.
        """
        try:
            answer = self._session.get(
                f"{self.url}/{path}", timeout=(CONNECT_SECONDS, seconds), allow_redirects=False
            )
        except requests.RequestException as error:
            raise of_error(error) from None
        return answer.status_code

    def post(self, path: str, body: Json, seconds: float, tries: int = TRIES) -> Any:
        """What a POST is answered with.

        Args:
            path: below the address.
            body: sent as JSON.
            seconds: that one try may take as a whole.
            tries: how often it is sent where the backend is busy or gone.

        Raises:
            Failure: no try brought an answer.
        """
        sent = json.dumps(body).encode()
        for attempt in range(1, tries + 1):
            try:
                return self._once(path, sent, seconds)
            except Failure as failure:
                last = failure
                if failure.kind not in (Kind.BUSY, Kind.GONE) or attempt == tries:
                    break
                pause = self._pause * 2 ** (attempt - 1) * self._jitter.uniform(0.5, 1.0)
                if self._stopped.wait(min(max(pause, failure.after or 0.0), LONGEST_PAUSE)):
                    break
        raise last

    def _once(self, path: str, sent: bytes, seconds: float) -> Any:
        until = time.monotonic() + seconds
        try:
            with self._session.post(
                f"{self.url}/{path}",
                data=sent,
                headers={"Content-Type": "application/json"},
                timeout=(CONNECT_SECONDS, seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                failure = of_status(response)
                if failure is not None:
                    raise failure
                return _parsed(_content(response, until))
        except requests.RequestException as error:
            raise of_error(error) from None


def _content(response: requests.Response, until: float) -> bytes:
    """The whole answer; the time-out of requests alone would let it drip for ever."""
    content = bytearray()
    for piece in response.iter_content(1 << 20):
        content += piece
        if len(content) > LARGEST:
            raise Failure(Kind.REFUSED, f"its answer is larger than {LARGEST >> 20} MB")
        if time.monotonic() > until:
            raise Failure(Kind.SLOW, "timed out")
    return bytes(content)


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        raise Failure(Kind.REFUSED, "its answer is no JSON") from None
    except RecursionError:
        raise Failure(Kind.REFUSED, "its answer is nested too deeply") from None
