"""Images of tasks as data URIs, small enough to be sent."""

from __future__ import annotations

import base64
from io import BytesIO

from backend.pixels import Fetch, Unreadable, opened
from sync.errors import Skippable

#: The longer side of an image that is sent, in pixels.
SIDE = 1024


def data_uri(address: object, fetch: Fetch) -> str:
    """The image behind an address, as a JPEG of at most SIDE pixels a side.

    It is decoded and written anew, so nothing is sent that is no image.

    Raises:
        Skippable: the task names no image that may be read.
    """
    try:
        with opened(address, fetch) as image:
            small = image.convert("RGB")
    except Unreadable as error:
        raise Skippable(str(error)) from None
    small.thumbnail((SIDE, SIDE))
    content = BytesIO()
    small.save(content, "JPEG", quality=90)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}"
