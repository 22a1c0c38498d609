"""Images that language models are shown."""

from __future__ import annotations

import base64
import json
from io import BytesIO

import pytest
from PIL import Image

from backend.engines import Abstention, Proposal
from tests.backend.llm.conftest import CHOICES, Make
from tests.backend.llm.endpoint import completion

XML = f'<View><Image name="t" value="$image"/>{CHOICES}</View>'


def picture(width: int = 3000, height: int = 20) -> str:
    content = BytesIO()
    Image.new("RGBA", (width, height), (250, 10, 10, 255)).save(content, "PNG")
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"


def test_images_are_sent_as_they_are_seen(made: Make) -> None:
    """Small, as a data URI that was written anew, with the task that names it."""
    used = made(lambda request: completion('{"c": "red"}'), xml=XML, images=True)
    assert isinstance(used.ask({"image": picture()})[0], Proposal)
    text, image = used.endpoint.requests[0]["messages"][-1]["content"]
    assert '{"t": "image 1"}' in text["text"]
    head, _, content = image["image_url"]["url"].partition(",")
    assert head == "data:image/jpeg;base64"
    with Image.open(BytesIO(base64.b64decode(content))) as found:
        assert found.size[0] == 1024
        red, green, _ = found.convert("RGB").getpixel((500, 2))  # type: ignore[misc]
    assert red > 200 > 60 > green


@pytest.mark.parametrize(
    "address", ["https://example.com/x.png", "file:///etc/passwd", "data:image/png;base64,AAAA", 3]
)
def test_what_is_no_image_is_not_sent(made: Make, address: object) -> None:
    """Nothing is fetched that the images of other engines would not be, and no URL passed on."""
    used = made(lambda request: completion('{"c": "red"}'), xml=XML, images=True)
    found = used.ask({"image": address})[0]
    assert isinstance(found, Abstention)
    assert "example.com" not in found.reason
    assert used.endpoint.requests == []


def test_images_are_asked_for(made: Make) -> None:
    """Without the option controls on images are not served; those beside them are."""
    used = made(lambda request: completion(json.dumps({"d": "red"})), xml=XML)
    assert used.engine.serves(used.config, used.around().options) == ()
    assert used.engine.serves(used.config, used.around(images=True).options) == ("c",)
