"""Pixels of an image that a task names, without trusting the task.

Three kinds of address are read: `data:` URIs, files that the configured Label Studio serves, from
uploads or its local storage, and files of web servers that the team allows. Any other would let
whoever writes tasks make this host fetch what they like.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

#: Side of the grey image that is learned from, pixels.
SIDE = 16
#: Bytes of an image file, and pixels of the image in it.
LARGEST, MOST_PIXELS = 20_000_000, 40_000_000
#: What is decoded; Pillow knows more formats, some of which start other programs.
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")

_DATA = re.compile(r"data:image/[a-z0-9.+-]+;base64,(?P<content>[A-Za-z0-9+/=\s]+)\Z")
_UPLOAD = re.compile(
    r"/data/(?:upload/|local-files/\?d=)(?:[\w./~+@-]|%[0-9A-Fa-f]{2})+\Z", re.ASCII
)
_WEB = re.compile(r"https?://[!-\[\]-~]{1,4000}\Z")

#: Path of an upload to the bytes of its file.
Fetch = Callable[[str], bytes]


class Unreadable(Exception):
    """The task names no image that may be read."""


class Unreachable(Unreadable):
    """The server of all uploads does not answer."""


def no_uploads(path: str) -> bytes:
    """Stands where no Label Studio is configured."""
    raise Unreadable("uploads are not read: ASSAY_LABEL_STUDIO_API_KEY is not set")


def pixels(address: object, fetch: Fetch) -> npt.NDArray[Any]:
    """The image as SIDE x SIDE grey values in [0, 1], flattened.

    Raises:
        Unreadable: the address is not one that is read, or there is no image behind it.
    """
    with opened(address, fetch) as image:
        grey = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
        return np.asarray(grey, dtype=np.float64).ravel() / 255


@contextmanager
def opened(address: object, fetch: Fetch, remote: Fetch | None = None) -> Iterator[Image.Image]:
    """The image, to be decoded inside; what its decoder raises there is Unreadable, too.

    Args:
        address: what the task's data holds.
        fetch: reads what Label Studio serves.
        remote: reads what web servers serve; None where no host is allowed.

    Raises:
        Unreadable: the address is not one that is read, or there is no image behind it.
    """
    if not isinstance(address, str):
        raise Unreadable("the task has no image")
    content = _content(address, fetch, remote)
    try:
        # The size stands in the header, so an image that is too large is never unpacked.
        with Image.open(BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Unreadable("the image has too many pixels")
            yield image
    except Unreadable:
        raise
    except Exception as error:  # decoders raise whatever a broken file makes them raise
        raise Unreadable(f"the image cannot be decoded: {type(error).__name__}") from None


def _content(address: str, fetch: Fetch, remote: Fetch | None) -> bytes:
    if len(address) > LARGEST * 4 // 3:
        raise Unreadable("the image is too large")
    if found := _DATA.match(address):
        try:
            return base64.b64decode(found["content"])
        except ValueError:
            raise Unreadable("the data URI is not base64") from None
    if _UPLOAD.match(address):
        return fetch(address)
    if remote is not None and _WEB.match(address):
        return remote(address)
    raise Unreadable("the address is neither a data URI nor a Label Studio upload")
