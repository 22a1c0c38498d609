"""Pixels of an image that a task names, without trusting the task.

Only two kinds of address are read: `data:` URIs, and Label Studio's own uploads from the
configured server. Any other would let whoever writes tasks make this host fetch what they like.
"""

from __future__ import annotations

import base64
import binascii
import re
import warnings
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import requests
from PIL import Image

#: Side of the grey image that is learned from, pixels.
SIDE = 16
#: Bytes of an image file, and pixels of the image in it.
LARGEST, MOST_PIXELS = 20_000_000, 40_000_000

_DATA = re.compile(r"data:image/[a-z0-9.+-]+;base64,(?P<content>[A-Za-z0-9+/=\s]+)\Z")
_UPLOAD = re.compile(r"/data/upload/[\w./-]+\Z", re.ASCII)

Fetch = Callable[[str], bytes]


class Unreadable(Exception):
    """The task names no image that may be read."""


def pixels(address: object) -> npt.NDArray[Any]:
    """The image as SIDE x SIDE grey values in [0, 1], flattened.

    Raises:
        Unreadable: the address is not one that is read, or there is no image behind it.
    """
    if not isinstance(address, str):
        raise Unreadable("the task has no image")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(_content(address))) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Unreadable("the image has too many pixels")
                grey = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
                return np.asarray(grey, dtype=np.float64).ravel() / 255
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unreadable("the image cannot be decoded") from None


def _content(address: str) -> bytes:
    if len(address) > LARGEST * 4 // 3:
        raise Unreadable("the image is too large")
    if found := _DATA.match(address):
        try:
            return base64.b64decode(found["content"])
        except binascii.Error:
            raise Unreadable("the data URI is not base64") from None
    if _UPLOAD.match(address) and ".." not in address and uploads is not None:
        return uploads.fetch(address)
    raise Unreadable("the address is neither a data URI nor a Label Studio upload")


class Uploads:
    """Reads Label Studio's uploads under the team's key."""

    def __init__(self, url: str, api_key: str) -> None:
        """Nothing is sent before the first image."""
        self._url, self._key = url.rstrip("/"), api_key
        self._session = requests.Session()

    def fetch(self, path: str) -> bytes:
        """The file at a path of the server."""
        try:
            headers = {"Authorization": self._authorization()}
            with self._session.get(
                self._url + path, headers=headers, timeout=10, stream=True, allow_redirects=False
            ) as answer:
                if answer.status_code != 200:
                    raise Unreadable(f"Label Studio answered {answer.status_code}")
                content = answer.raw.read(LARGEST + 1, decode_content=True)
        except requests.RequestException as error:
            raise Unreadable(f"Label Studio did not answer: {type(error).__name__}") from None
        if len(content) > LARGEST:
            raise Unreadable("the image is too large")
        return bytes(content)

    def _authorization(self) -> str:
        if self._key.count(".") != 2:
            return f"Token {self._key}"
        # A personal access token is exchanged for one that lives some minutes.
        answer = self._session.post(
            f"{self._url}/api/token/refresh/", json={"refresh": self._key}, timeout=10
        )
        if answer.status_code != 200:
            raise Unreadable("Label Studio refuses the personal access token")
        return f"Bearer {answer.json()['access']}"


#: Set once at start by the composition root, where a key is configured.
uploads: Uploads | None = None
