"""Makes the examples of the scenarios over images, sound, video and curves.

`python tests/label_configs/media.py` writes their `tasks.json`. All of it is drawn or
computed here, so nobody has rights to it, and it is small enough to stand in the task itself.
"""

from __future__ import annotations

import base64
import json
import math
import random
import struct
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from webm import webm

Json = dict[str, Any]
FOLDER = Path(__file__).parents[2] / "label_configs"
RATE = 8_000
MORSE = {"H": "....", "I": "..", "O": "---", "K": "-.-", "S": "..."}


def uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def png(image: Image.Image) -> str:
    content = BytesIO()
    image.quantize(32).save(content, "PNG", optimize=True)
    return uri("image/png", content.getvalue())


def percent(image: Image.Image, x0: float, y0: float, x1: float, y1: float) -> Json:
    """A box in pixels as Label Studio's percentages."""
    width, height = image.size
    place = {"x": x0 / width, "y": y0 / height}
    place |= {"width": (x1 - x0) / width, "height": (y1 - y0) / height}
    return {name: round(100 * share, 3) for name, share in place.items()}


# Images


def digits() -> list[Json]:
    from sklearn.datasets import load_digits

    found = load_digits()
    tasks = []
    for i in (3, 14, 27):
        small = Image.fromarray((255 - found.images[i] * 15.9).astype("uint8"))
        large = small.resize((240, 240), Image.Resampling.BICUBIC).convert("RGB")
        tasks.append({"image": png(large), "guess": str(found.target[i])})
    return tasks


def street(objects: Iterable[tuple[str, int, int, int, int]]) -> Json:
    image = Image.new("RGB", (480, 300), "#BFD7EA")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 190, 480, 300), fill="#6B7280")
    for x in range(10, 480, 80):
        draw.rectangle((x, 242, x + 40, 247), fill="#F3F4F6")
    found = []
    for label, x0, y0, x1, y1 in objects:
        _DRAWN[label](draw, x0, y0, x1, y1)
        found.append(percent(image, x0, y0, x1 + 1, y1 + 1) | {"label": label})
    return {"image": png(image), "detections": found}


def _vehicle(draw: ImageDraw.ImageDraw, x0: int, y0: int, x1: int, y1: int) -> None:
    wheel = (y1 - y0) // 4
    draw.rectangle((x0 + (x1 - x0) // 5, y0, x1 - (x1 - x0) // 5, y1 - wheel), fill="#B91C1C")
    draw.rectangle((x0, (y0 + y1) // 2, x1, y1 - wheel), fill="#DC2626")
    for x in (x0 + wheel, x1 - 3 * wheel):
        draw.ellipse((x, y1 - 2 * wheel, x + 2 * wheel, y1), fill="#111827")


def _person(draw: ImageDraw.ImageDraw, x0: int, y0: int, x1: int, y1: int) -> None:
    head, middle = (y1 - y0) // 4, (x0 + x1) // 2
    draw.ellipse((middle - head // 2, y0, middle + head // 2, y0 + head), fill="#7C4A2D")
    draw.rectangle((x0, y0 + head, x1, y0 + 2 * head + head // 2), fill="#1D4ED8")
    draw.rectangle((x0 + 2, y0 + 2 * head + head // 2, x1 - 2, y1), fill="#1F2937")


def _sign(draw: ImageDraw.ImageDraw, x0: int, y0: int, x1: int, y1: int) -> None:
    middle = (x0 + x1) // 2
    draw.rectangle((middle - 2, y0 + (x1 - x0), middle + 2, y1), fill="#374151")
    draw.ellipse((x0, y0, x1, y0 + (x1 - x0)), fill="#B91C1C")
    draw.ellipse((x0 + 6, y0 + 6, x1 - 6, y0 + (x1 - x0) - 6), fill="#FFFFFF")


_DRAWN: dict[str, Callable[[ImageDraw.ImageDraw, int, int, int, int], None]] = {
    "vehicle": _vehicle,
    "person": _person,
    "sign": _sign,
}
STREETS = [
    [("sign", 400, 90, 440, 200), ("vehicle", 60, 170, 220, 250), ("person", 300, 130, 330, 240)],
    [("vehicle", 250, 180, 440, 270), ("vehicle", 20, 165, 130, 220)],
    [("person", 100, 140, 128, 240), ("person", 180, 150, 206, 242)],
]

_GROUND = {"building": "#E7E5E4", "water": "#3B82C4", "field": "#C9B458"}


def aerial(areas: Iterable[tuple[str, list[tuple[int, int]]]]) -> Json:
    image = Image.new("RGB", (480, 300), "#7BA05B")
    draw = ImageDraw.Draw(image)
    found = []
    for label, corners in areas:
        draw.polygon(corners, fill=_GROUND[label], outline="#4B5563")
        points = [[round(100 * x / 480, 3), round(100 * y / 300, 3)] for x, y in corners]
        found.append({"points": points, "closed": True, "label": label})
    return {"image": png(image), "outlines": found}


AREAS = [
    [
        ("building", [(60, 60), (160, 40), (180, 110), (80, 130)]),
        ("field", [(240, 150), (440, 130), (455, 270), (250, 280)]),
    ],
    [("water", [(100, 200), (160, 120), (260, 110), (330, 170), (300, 250), (180, 270)])],
    [
        ("building", [(40, 40), (120, 40), (120, 90), (90, 90), (90, 140), (40, 140)]),
        ("building", [(300, 180), (380, 160), (400, 230), (320, 250)]),
        ("water", [(0, 220), (220, 200), (240, 300), (0, 300)]),
    ],
]

_FIELDS = ("merchant", "date", "item", "total")
RECEIPTS = [
    ("Corner Bakery", "12.03.2025", "Bread 3.20", "3.20"),
    ("Book & Bean", "07.11.2024", "Coffee 2.80", "2.80"),
    ("Green Grocer", "30.01.2025", "Apples 4.10", "4.10"),
]


def receipt(lines: Sequence[str]) -> Json:
    image = Image.new("RGB", (360, 260), "#FFFFFF")
    draw = ImageDraw.Draw(image)
    font, boxes = ImageFont.load_default(size=24), []
    for n, (label, text) in enumerate(zip(_FIELDS, lines, strict=True)):
        place = (24.0 + (150 if label == "total" else 0), 24.0 + 56 * n)
        draw.text(place, text, fill="#111827", font=font)
        x0, y0, x1, y1 = draw.textbbox(place, text, font=font)
        boxes.append(percent(image, x0 - 3, y0 - 3, x1 + 3, y1 + 3))
    labels = [box | {"label": label} for box, label in zip(boxes, _FIELDS, strict=True)]
    texts = [box | {"answer": text} for box, text in zip(boxes, lines, strict=True)]
    return {"image": png(image), "fields": labels, "texts": texts}


# Sound


def wav(samples: Iterable[float]) -> str:
    """Samples from -1 to 1 as 8 bits of one channel."""
    content = bytes(round(127.5 + 127 * max(-1.0, min(1.0, sample))) for sample in samples)
    form = struct.pack("<HHIIHH", 1, 1, RATE, RATE, 1, 8)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(content))
    # Label Studio appends a query to addresses of sound, here to the base64, unless one is signed.
    signed = "audio/wav;as=?sig=1"
    return uri(signed, b"RIFF" + struct.pack("<I", len(body) + len(content)) + body + content)


def tone(seconds: float, hertz: float, volume: float = 0.6) -> list[float]:
    count = round(seconds * RATE)
    edge = min(80, max(count // 4, 1))
    return [
        volume * min(1, k / edge, (count - k) / edge) * math.sin(math.tau * hertz * k / RATE)
        for k in range(count)
    ]


def morse(word: str) -> Json:
    dot, samples = 0.08, tone(0.16, 0)
    for letter in word:
        for sign in MORSE[letter]:
            samples += tone(dot if sign == "." else 3 * dot, 620) + tone(dot, 0)
        samples += tone(2 * dot, 0)
    return {"audio": wav(samples), "asr": word.lower()}


SOUNDS = [
    [("", 0.4), ("music", 1.2), ("", 0.5), ("noise", 0.8), ("", 0.3)],
    [("noise", 0.7), ("", 0.6), ("speech", 1.1), ("", 0.4)],
    [("", 0.3), ("speech", 0.9), ("", 0.3), ("music", 1.0), ("", 0.3)],
]


def sounds(parts: Iterable[tuple[str, float]], rng: random.Random) -> Json:
    samples: list[float] = []
    found = []
    for label, seconds in parts:
        start = len(samples) / RATE
        samples += _sound(label, seconds, rng)
        if label:
            end = len(samples) / RATE
            found.append({"start": start, "end": end, "channel": 0, "label": label})
    return {"audio": wav(samples), "segments": found}


def _sound(label: str, seconds: float, rng: random.Random) -> list[float]:
    if label == "music":
        fifth = seconds / 4
        return [s for hertz in (392, 494, 587, 784) for s in tone(fifth, hertz)]
    if label == "noise":
        return [rng.uniform(-0.5, 0.5) for _ in range(round(seconds * RATE))]
    if label == "speech":  # a hum with the rhythm of syllables
        hum = tone(seconds, 140, 0.9)
        return [s * abs(math.sin(math.tau * 2.5 * k / RATE)) for k, s in enumerate(hum)]
    return [0.0] * round(seconds * RATE)


def drive(label: str, start: tuple[int, int], end: tuple[int, int], count: int = 24) -> Json:
    """A video in which one object moves in a straight line."""
    frames, size = [], {"vehicle": (80, 44), "person": (20, 60), "animal": (44, 28)}[label]
    for n in range(count):
        image = Image.new("RGB", (320, 180), "#BFD7EA")
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 110, 320, 180), fill="#6B7280")
        share = n / (count - 1)
        x, y = (round(a + (b - a) * share) for a, b in zip(start, end, strict=True))
        box = (x, y, x + size[0], y + size[1])
        _MOVING.get(label, _animal)(draw, *box)
        frames.append(image)
    boxes = [
        {"frame": frame, "enabled": True, "rotation": 0, "time": round((frame - 1) / 12, 3)}
        | percent(frames[0], x, y, x + size[0] + 1, y + size[1] + 1)
        for frame, (x, y) in ((1, start), (count, end))
    ]
    track = {"sequence": boxes, "framesCount": count, "duration": count / 12, "label": label}
    return {"video": uri("video/webm", webm(frames, 12)), "tracks": [track]}


def _animal(draw: ImageDraw.ImageDraw, x0: int, y0: int, x1: int, y1: int) -> None:
    draw.ellipse((x0, y0 + 4, x1 - 8, y1 - 6), fill="#92400E")
    draw.ellipse((x1 - 16, y0, x1, y0 + 16), fill="#92400E")
    for x in (x0 + 8, x1 - 18):
        draw.rectangle((x, y1 - 10, x + 4, y1), fill="#92400E")


_MOVING = {"vehicle": _vehicle, "person": _person}


# Curves

EVENTS = [
    [("spike", 60, 66)],
    [("drift", 30, 90), ("gap", 110, 130)],
    [],
]


def curves(events: Iterable[tuple[str, int, int]], rng: random.Random) -> Json:
    seconds = list(range(0, 181, 2))
    heat = [21 + 0.6 * math.sin(k / 12) + rng.gauss(0, 0.12) for k in seconds]
    bars = [1.20 + 0.02 * math.sin(k / 20) + rng.gauss(0, 0.004) for k in seconds]
    found = []
    for label, start, end in events:
        for i, k in enumerate(seconds):
            if start <= k <= end:
                heat[i] += {"spike": 6.0, "drift": 4 * (k - start) / (end - start), "gap": 0}[label]
                heat[i], bars[i] = (0.0, 0.0) if label == "gap" else (heat[i], bars[i])
        found.append({"start": start, "end": end, "instant": False, "label": label})
    series = {
        "second": seconds,
        "temperature": [round(value, 2) for value in heat],
        "pressure": [round(value, 3) for value in bars],
    }
    return {"series": series, "alarms": found}


def examples() -> dict[str, list[Json]]:
    """The tasks of each scenario."""
    rng = random.Random(7)
    return {
        "image_classification": digits(),
        "boxes": [street(objects) for objects in STREETS],
        "polygons": [aerial(areas) for areas in AREAS],
        "ocr": [receipt(lines) for lines in RECEIPTS],
        "audio_transcription": [morse(word) for word in ("HI", "OK", "SOS")],
        "audio_segments": [sounds(parts, rng) for parts in SOUNDS],
        "video": [
            drive("vehicle", (10, 110), (220, 120)),
            drive("person", (40, 70), (150, 95)),
            drive("animal", (250, 130), (30, 125)),
        ],
        "time_series": [curves(events, rng) for events in EVENTS],
    }


if __name__ == "__main__":
    for name, tasks in examples().items():
        text = json.dumps(tasks, ensure_ascii=False, indent=1) + "\n"
        (FOLDER / name / "tasks.json").write_text(text, encoding="utf-8")
