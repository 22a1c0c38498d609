"""Label Studio's own uploads, read under the team's key."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import requests

from backend.pixels import LARGEST, Fetch, Unreachable, Unreadable, no_uploads
from sync.settings import Settings

#: Seconds to connect and between two pieces of an answer.
_TIMEOUT = (3, 10)


def uploads_of(settings: Settings) -> Fetch:
    """Reads uploads of the configured Label Studio, or none where no key is set."""
    key = settings.label_studio_api_key.get_secret_value()
    return Uploads(settings.label_studio_url, key).fetch if key else no_uploads


class Uploads:
    """A client of one Label Studio; it follows no redirect, so the key goes nowhere else."""

    def __init__(self, url: str, api_key: str) -> None:
        """Nothing is sent before the first image."""
        self._url, self._key = url.rstrip("/"), api_key
        # A personal access token is a JWT; it is exchanged for one that lives some minutes.
        self._personal = api_key.count(".") == 2
        self._authorization = "" if self._personal else f"Token {api_key}"
        self._session = requests.Session()

    def fetch(self, path: str) -> bytes:
        """The file at a path of the server.

        Raises:
            Unreachable: Label Studio does not answer, so no other file can be had either.
            Unreadable: there is no such file, it is too large, or the key does not open it.
        """
        plain = unquote(path)
        if ".." in plain or "\\" in plain or not plain.isprintable():
            raise Unreadable("the address leaves the uploads")
        try:
            with self._get(path) as answer:
                return _content(answer)
        except requests.RequestException as error:
            raise Unreachable(f"Label Studio did not answer: {type(error).__name__}") from None

    def _get(self, path: str) -> requests.Response:
        if not self._authorization:
            self._refresh()
        answer = self._ask(path)
        if answer.status_code == 401 and self._personal:
            answer.close()
            self._refresh()
            answer = self._ask(path)
        return answer

    def _ask(self, path: str) -> requests.Response:
        return self._session.get(
            self._url + path,
            headers={"Authorization": self._authorization},
            timeout=_TIMEOUT,
            stream=True,
            allow_redirects=False,
        )

    def _refresh(self) -> None:
        answer = self._session.post(
            f"{self._url}/api/token/refresh/",
            json={"refresh": self._key},
            timeout=_TIMEOUT,
            allow_redirects=False,
        )
        access: Any = answer.json().get("access") if answer.status_code == 200 else None
        if not isinstance(access, str):
            raise Unreachable("Label Studio refuses the personal access token")
        self._authorization = f"Bearer {access}"


def _content(answer: requests.Response) -> bytes:
    if answer.status_code != 200:
        raise Unreadable(f"Label Studio answered {answer.status_code}")
    content = bytearray()
    for piece in answer.iter_content(65536):
        content += piece
        if len(content) > LARGEST:
            raise Unreadable("the image is too large")
    return bytes(content)
