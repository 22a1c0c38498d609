"""Questions of the command line to the backend."""

from __future__ import annotations

from typing import Any

import requests

from sync.errors import ConfigurationError, Fatal, Retriable
from sync.records import Json
from sync.settings import Settings

#: Seconds to connect and to answer: the backend answers these at once.
_TIMEOUT = (5, 30)


class Backend:
    """A client of Assay's own backend."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is sent before the first question.

        Raises:
            ConfigurationError: no password is set.
        """
        self._url = settings.backend_url
        self._auth = (settings.backend_user, settings.require("backend_password"))

    def ask(self, method: str, path: str, **parts: Any) -> Json:
        """The answer's JSON object.

        Args:
            method: of HTTP.
            path: such as "/models".
            parts: `params` or `json`, as requests takes them.

        Raises:
            ConfigurationError: the backend is not there, or refuses user and password.
            Retriable: it is there and cannot answer now.
            Fatal: it refuses, and says why.
        """
        try:
            answer = requests.request(
                method,
                self._url + path,
                auth=self._auth,
                timeout=_TIMEOUT,
                allow_redirects=False,
                **parts,
            )
            told = answer.json()
        except requests.ConnectionError:
            raise ConfigurationError(
                f"the backend at {self._url} does not answer: start it, or set "
                "ASSAY_BACKEND_URL to where it is"
            ) from None
        except requests.RequestException as error:
            raise Retriable(
                f"the backend at {self._url} gave no answer that can be read "
                f"({type(error).__name__}): see its log, and that ASSAY_BACKEND_URL is its address"
            ) from None
        if not isinstance(told, dict):
            raise Retriable(
                f"the backend at {self._url} gave no JSON object: see that ASSAY_BACKEND_URL is "
                "the address of Assay's backend"
            )
        if answer.status_code < 400:
            return told
        reason = str(told.get("error") or f"the backend answered {answer.status_code}")
        if answer.status_code == 401:
            raise ConfigurationError(reason)
        raise (Retriable if answer.status_code >= 500 else Fatal)(reason)
