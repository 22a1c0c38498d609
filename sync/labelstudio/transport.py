"""Calls to Label Studio: the SDK's authentication, our own retries, errors in plain words.

The SDK's client repeats POST as well, which doubles what it created, and parses every reply
into models; so its transport is used with both switched off.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import httpx
from label_studio_sdk.client import LabelStudio as Sdk
from label_studio_sdk.core.api_error import ApiError

from sync.errors import AssayError, ConfigurationError, Fatal, Retriable

#: Seconds; several calls of Label Studio take longer than the SDK's default of 60.
TIMEOUT = 300
#: First and largest pause between two tries, seconds.
PAUSE, LONGEST_PAUSE = 0.5, 8.0


class Transport:
    """JSON in, JSON out; retries what may be repeated, within a budget of tries."""

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        sleep: Callable[[float], object],
        tries: int = 5,
    ) -> None:
        """Nothing is sent before the first call.

        Raises:
            ConfigurationError: the key is a personal access token that has expired.
        """
        self.url = url.rstrip("/")
        self._sleep = sleep
        self._tries = tries
        self._jitter = random.Random()  # noqa: S311 - spreads retries, protects nothing
        try:
            sdk = Sdk(base_url=self.url, api_key=api_key, timeout=TIMEOUT)
        except ApiError as error:
            raise ConfigurationError(f"ASSAY_LABEL_STUDIO_API_KEY: {_detail(error.body)}") from None
        self._http = sdk._client_wrapper.httpx_client

    def close(self) -> None:
        """Close the connections."""
        self._http.httpx_client.close()

    def get(self, path: str, **params: Any) -> Any:
        """GET; repeated on failure."""
        return self.call("GET", path, params=params, repeat=True)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """PATCH; repeated on failure, since it sets the same values again."""
        return self.call("PATCH", path, body=body, repeat=True)

    def post(self, path: str, body: Any, *, repeat: bool = False, **params: Any) -> Any:
        """POST; repeated only where the caller knows that repeating does no harm."""
        return self.call("POST", path, params=params, body=body, repeat=repeat)

    def delete(self, path: str, body: Mapping[str, Any] | None = None) -> None:
        """DELETE; what is gone already is fine."""
        with suppress(Missing):
            self.call("DELETE", path, body=body, repeat=True)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        repeat: bool,
    ) -> Any:
        """One call.

        Raises:
            Missing: 404.
            Fatal: any other refusal (4xx).
            Retriable: the server is down, slow, busy or failing.
        """
        for attempt in range(self._tries if repeat else 1):
            if attempt:
                pause = min(PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)
                self._sleep(pause * self._jitter.uniform(0.5, 1.0))
            try:
                return self._once(method, path, params, body)
            except Retriable as error:
                last = error
        raise last

    def _once(self, method: str, path: str, params: Mapping[str, Any] | None, body: Any) -> Any:
        # The SDK's own encoder looks at each value of a large body, which takes half a second.
        content = None if body is None else json.dumps(body).encode()
        try:
            response = self._http.request(
                path,
                method=method,
                params=dict(params or {}),
                content=content,
                headers={} if body is None else {"Content-Type": "application/json"},
                request_options={"max_retries": 0},
            )
        except httpx.TransportError as error:
            raise Retriable(f"Label Studio at {self.url} cannot be reached: {error}") from None
        except ApiError as error:
            raise self._refusal(method, path, error.status_code or 0, _detail(error.body)) from None
        if response.status_code >= 400:
            raise self._refusal(method, path, response.status_code, _detail(_body(response)))
        return _body(response) if response.content else None

    def _refusal(self, method: str, path: str, status: int, detail: str) -> AssayError:
        if status == 401:
            return ConfigurationError(
                f"Label Studio at {self.url} refuses ASSAY_LABEL_STUDIO_API_KEY ({detail}): take "
                "a personal access token from Account & Settings, or allow legacy tokens there"
            )
        if status == 404:
            return Missing(f"Label Studio has nothing at {path}: {detail}")
        if status in (408, 429) or status >= 500:
            return Retriable(f"Label Studio answered {status} to {method} {path}: {detail}")
        return Fatal(f"Label Studio answered {status} to {method} {path}: {detail}")


class Missing(Fatal):
    """Label Studio does not have this object."""


def _body(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return response.text


def _detail(body: Any) -> str:
    """The reason that Label Studio gives, in one short line."""
    if isinstance(body, dict):
        body = body.get("validation_errors") or body.get("detail") or body
    text = " ".join(str(body).split())
    return "an HTML page" if text.startswith("<") else text[:300]
