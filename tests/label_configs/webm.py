"""Small WebM videos without an encoder of videos."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from io import BytesIO

from PIL import Image


def webm(frames: Sequence[Image.Image], rate: int) -> bytes:
    """A WebM video of key frames: a lossy WebP picture holds one frame of VP8 (RFC 6386)."""
    width, height = frames[0].size
    step, blocks = 1000 / rate, []
    for n, frame in enumerate(frames):
        content = BytesIO()
        frame.save(content, "WEBP", quality=60, method=6)
        head = b"\x81" + struct.pack(">hB", round(n * step), 0x80)
        blocks.append(head + _vp8(content.getvalue()))
    picture = _element(0xE0, _element(0xB0, _uint(width)) + _element(0xBA, _uint(height)))
    track = _element(0xD7, b"\x01") + _element(0x73C5, b"\x01") + _element(0x83, b"\x01")
    track += _element(0x23E383, _uint(round(1e9 / rate))) + _element(0x86, b"V_VP8") + picture
    length = struct.pack(">d", len(frames) * step)
    info = _element(0x2AD7B1, _uint(1_000_000)) + _element(0x4489, length)
    info += _element(0x4D80, b"assay") + _element(0x5741, b"assay")
    cluster = _element(0xE7, b"\x00") + b"".join(_element(0xA3, block) for block in blocks)
    head = _element(0x4286, b"\x01") + _element(0x42F7, b"\x01") + _element(0x42F2, b"\x04")
    head += _element(0x42F3, b"\x08") + _element(0x4282, b"webm")
    head += _element(0x4287, b"\x02") + _element(0x4285, b"\x02")
    body = _element(0x1549A966, info) + _element(0x1654AE6B, _element(0xAE, track))
    # A player seeks by the cues, so each frame has one.
    where = len(body)
    cues = b"".join(
        _element(0xBB, _element(0xB3, _uint(round(n * step))) + _element(0xB7, _cue(where)))
        for n in range(len(frames))
    )
    body += _element(0x1F43B675, cluster) + _element(0x1C53BB6B, cues)
    return _element(0x1A45DFA3, head) + _element(0x18538067, body)


def _cue(where: int) -> bytes:
    return _element(0xF7, b"\x01") + _element(0xF1, _uint(where))


def _vp8(webp: bytes) -> bytes:
    """The VP8 frame in a RIFF file."""
    at = webp.index(b"VP8 ")
    (size,) = struct.unpack_from("<I", webp, at + 4)
    return webp[at + 8 : at + 8 + size]


def _element(identity: int, content: bytes) -> bytes:
    """An element of EBML (RFC 8794), its length in eight bytes."""
    return _uint(identity) + struct.pack(">Q", len(content) | 1 << 56) + content


def _uint(value: int) -> bytes:
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
