"""What is read on a task's behalf, and what is not."""

from __future__ import annotations

import base64
import zlib
from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from backend.pixels import LARGEST, MOST_PIXELS, SIDE, Unreachable, Unreadable, no_uploads, pixels
from backend.uploads import Uploads, uploads_of
from sync.settings import Settings

SERVER = "http://label-studio.example"
PATH = "/data/upload/3/ab12-photo.png"
PERSONAL = "head.payload.signature"


def png(width: int = 20, height: int = 20) -> bytes:
    content = BytesIO()
    Image.new("L", (width, height), 255).save(content, "PNG")
    return content.getvalue()


def data_uri(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode()


def refuse(path: str) -> bytes:
    raise AssertionError(f"{path} was fetched")


def test_a_picture_becomes_grey_values() -> None:
    """White is 1 everywhere, in a square of fixed side."""
    assert np.array_equal(pixels(data_uri(png()), no_uploads), np.ones(SIDE * SIDE))


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://label-studio.example/data/upload/3/x.png",
        "//evil.example/data/upload/3/x.png",
        "file:///etc/passwd",
        "/etc/passwd",
        "/data/local-files/?d=x.png&d=y",
        "/data/local-files/x.png",
        "/data/upload/3/x.png?next=http://evil.example",
        "/data/upload/3/x.png#x",
        "/data/upload/evil.example\\x",
        " /data/upload/3/x.png",
        "/data/upload/3/x.png\n",
        "data:text/html;base64,PGI+",
        "data:image/png;base64,!!!!",
        "data:image/png;base64,A",
        "data:image/svg+xml;base64," + base64.b64encode(b"<svg/>").decode(),
        "",
        None,
        7,
    ],
)
def test_addresses_of_others_are_not_fetched(address: object) -> None:
    """Only data URIs and Label Studio's uploads are read."""
    with pytest.raises(Unreadable):
        pixels(address, refuse)


@pytest.mark.parametrize(
    "path",
    [
        "/data/upload/../../etc/passwd",
        "/data/upload/%2e%2e/%2e%2e/api/users",
        "/data/upload/.%2E/x",
        "/data/upload/x%5c..%5cy",
        "/data/upload/x%0d%0aHost:%20evil",
    ],
)
@responses.activate
def test_a_path_cannot_leave_the_uploads(path: str) -> None:
    """Dots, backslashes and line breaks, encoded or not, send no request at all."""
    with pytest.raises(Unreadable):
        pixels(path, Uploads(SERVER, "legacy").fetch)
    assert len(responses.calls) == 0


@responses.activate
def test_a_legacy_token_opens_uploads() -> None:
    """The file is asked from the configured server alone, under the key."""
    headers = {"Authorization": "Token legacy"}
    matcher = responses.matchers.header_matcher(headers)
    responses.get(SERVER + PATH, body=png(), match=[matcher])
    assert pixels(PATH, Uploads(SERVER + "/", "legacy").fetch).shape == (SIDE * SIDE,)


@responses.activate
def test_a_personal_token_is_exchanged_and_renewed() -> None:
    """It is refreshed before the first file, and once more when the access has run out."""
    for access in ("first", "second"):
        responses.post(f"{SERVER}/api/token/refresh/", json={"access": access})
    headers = {"Authorization": "Bearer first"}
    first = responses.matchers.header_matcher(headers)
    second = responses.matchers.header_matcher({"Authorization": "Bearer second"})
    responses.get(SERVER + PATH, body=b"one", match=[first])
    responses.get(SERVER + PATH, status=401, match=[first])
    responses.get(SERVER + PATH, body=b"two", match=[second])
    uploads = Uploads(SERVER, PERSONAL)
    assert [uploads.fetch(PATH), uploads.fetch(PATH)] == [b"one", b"two"]
    refreshes = [c for c in responses.calls if "refresh" in str(c.request.url)]
    assert len(refreshes) == 2
    assert all(
        PERSONAL not in str(call.request.headers.get("Authorization")) for call in responses.calls
    )


@pytest.mark.parametrize("reply", [{}, {"access": None}, {"access": 7}])
@responses.activate
def test_a_refused_token_reads_nothing(reply: dict[str, object]) -> None:
    """A refresh without an access token means that no upload can be had."""
    responses.post(f"{SERVER}/api/token/refresh/", json=reply)
    with pytest.raises(Unreachable, match="refuses the personal access token"):
        Uploads(SERVER, PERSONAL).fetch(PATH)


@responses.activate
def test_a_redirect_is_not_followed() -> None:
    """The key goes to no other server, whatever Label Studio answers."""
    responses.get(SERVER + PATH, status=302, headers={"Location": "http://evil.example/x"})
    with pytest.raises(Unreadable, match="answered 302"):
        Uploads(SERVER, "legacy").fetch(PATH)
    assert len(responses.calls) == 1


@pytest.mark.parametrize("fault", [requests.ConnectionError("x"), requests.Timeout("x")])
@responses.activate
def test_a_server_that_is_down_is_told_apart(fault: Exception) -> None:
    """Silence is not a missing file: the others need not be tried."""
    responses.get(SERVER + PATH, body=fault)
    with pytest.raises(Unreachable):
        Uploads(SERVER, "legacy").fetch(PATH)


@responses.activate
def test_a_file_that_is_too_large_is_left() -> None:
    """Reading stops at the limit."""
    responses.get(SERVER + PATH, body=b"0" * (LARGEST + 1))
    with pytest.raises(Unreadable, match="too large"):
        Uploads(SERVER, "legacy").fetch(PATH)


def test_without_a_key_uploads_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, no request."""
    assert uploads_of(Settings.load()) is no_uploads
    with pytest.raises(Unreadable, match="ASSAY_LABEL_STUDIO_API_KEY is not set"):
        pixels(PATH, no_uploads)
    monkeypatch.setenv("ASSAY_LABEL_STUDIO_API_KEY", "legacy")
    assert uploads_of(Settings.load()) is not no_uploads


def test_a_bomb_is_not_unpacked() -> None:
    """An image of more pixels than allowed is refused by its header."""
    side = int(MOST_PIXELS**0.5) + 1
    header = BytesIO()
    Image.new("1", (side, side)).save(header, "PNG")
    with pytest.raises(Unreadable, match="too many pixels"):
        pixels(data_uri(header.getvalue()), no_uploads)


def test_postscript_is_not_run() -> None:
    """Formats that Pillow hands to other programs are not decoded."""
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    with pytest.raises(Unreadable, match="cannot be decoded"):
        pixels(data_uri(eps), no_uploads)


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda tail: png()[:40] + tail))
def test_broken_images_are_unreadable(content: bytes) -> None:
    """Whatever stands in the file, the outcome is an image or Unreadable."""
    with suppress(Unreadable):
        assert pixels(data_uri(content), no_uploads).shape == (SIDE * SIDE,)


def test_a_broken_chunk_is_unreadable() -> None:
    """A header that is right and pixels that are not."""
    content = bytearray(png())
    at = content.index(b"IDAT") + 6
    content[at : at + 4] = b"\0\0\0\0"
    checksum = zlib.crc32(bytes(content[:10]))
    content[-20:-16] = checksum.to_bytes(4)
    with pytest.raises(Unreadable):
        pixels(data_uri(bytes(content)), no_uploads)
