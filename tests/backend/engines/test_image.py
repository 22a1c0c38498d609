"""What is learned from images, and what the scores mean."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageDraw

import label_configs
from backend.engines import ENGINES, Answer, Example, Model, Proposal, Surroundings, Unfit
from backend.images.features import SORTS, features
from backend.pixels import Unreachable
from backend.registry import Registry
from label_configs import LabelConfig
from sync.records import Json
from tests.backend.engines.cases import examples

Digits = tuple[list[Json], list[str]]
ENGINE = ENGINES["sklearn_image"]
PLAIN = Surroundings(options=ENGINE.options())

SHAPES = label_configs.parse(
    '<View><Image name="i" value="$image"/>'
    '<Choices name="what" toName="i" choice="multiple"><Choice value="disc"/><Choice value="bar"/>'
    '</Choices><Rating name="light" toName="i" maxRating="3"/>'
    '<Taxonomy name="tone" toName="i"><Choice value="warm"><Choice value="red"/></Choice>'
    '<Choice value="cold"><Choice value="blue"/></Choice></Taxonomy></View>'
)


@pytest.fixture
def config() -> LabelConfig:
    return label_configs.parse(label_configs.load("image_classification"))


def uri(image: Image.Image, kind: str = "PNG") -> str:
    content = BytesIO()
    image.save(content, kind)
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"


def learn(known: Sequence[Example], config: LabelConfig, around: Surroundings = PLAIN) -> Model:
    learned = ENGINE.fit(known, config, np.random.default_rng(0), around)
    return ENGINE.model(learned, config, around)


def ask(model: Model, data: Sequence[Json]) -> list[Answer]:
    return model.predict([{"id": i, "data": item} for i, item in enumerate(data)])


def labelled(digits: Digits, count: int, config: LabelConfig) -> list[Example]:
    data, truth = digits
    values = {config.controls[0].name: [frozenset({label}) for label in truth[:count]]}
    return examples(data[:count], **values)


def test_digits_are_learned_and_the_scores_mean_something(
    tmp_path: Path, config: LabelConfig, digits: Digits
) -> None:
    """From 800 digits: accuracy above 0.97, calibration error below 0.03, the same from disk."""
    data, truth = digits
    known = labelled(digits, 800, config)
    learned = ENGINE.fit(known, config, np.random.default_rng(0), PLAIN)
    version = Registry(tmp_path).publish(1, "sklearn_image", learned, {})
    found = ask(ENGINE.model(Registry(tmp_path).load(1, version), config, PLAIN), data[800:])
    assert found == ask(ENGINE.model(learned, config, PLAIN), data[800:])
    sure = np.array([a.score for a in found if isinstance(a, Proposal)])
    named = [a.result[0]["value"]["choices"][0] for a in found if isinstance(a, Proposal)]
    right = np.array(named) == np.array(truth[800:])
    assert right.mean() > 0.97
    # Expected calibration error in 15 bins (Guo et al. 2017).
    bins = np.minimum((sure * 15).astype(int), 14)
    gaps = [abs(right[bins == b].sum() - sure[bins == b].sum()) for b in set(bins)]
    assert sum(gaps) / len(sure) < 0.03


def drawn(rng: np.random.Generator) -> tuple[Json, dict[str, Any]]:
    """A disc, a bar, both or neither, in red or blue, on a ground of three shades."""
    light = int(rng.integers(1, 4))
    image = Image.new("RGB", (40, 40), (70 * light,) * 3)
    draw, warm = ImageDraw.Draw(image), bool(rng.integers(2))
    colour = (200, 30, 30) if warm else (30, 30, 200)
    x, y = rng.integers(2, 14, 2).tolist()
    what = {name for name in ("disc", "bar") if rng.integers(2)}
    if "disc" in what:
        draw.ellipse((x, y, x + 14, y + 14), fill=colour)
    if "bar" in what:
        draw.rectangle((x, 32, x + 20, 36), fill=colour)
    draw.rectangle((36, 0, 39, 3), fill=colour)
    tone = ("warm", "red") if warm else ("cold", "blue")
    values = {"what": frozenset(what), "light": light, "tone": frozenset({tone})}
    return {"image": uri(image)}, values


def test_every_sort_of_question_is_answered() -> None:
    """Several labels, stars and paths at once: nine of ten are right for each."""
    rng = np.random.default_rng(5)
    rows = [drawn(rng) for _ in range(400)]
    known = [Example(data=d, values={k: v for k, v in v.items() if v}) for d, v in rows[:300]]
    assert ENGINE.serves(SHAPES, ENGINE.options()) == ("what", "light", "tone")
    found = ask(learn(known, SHAPES), [data for data, _ in rows[300:]])
    right = dict.fromkeys(("what", "light", "tone"), 0)
    for answer, (data, truth) in zip(found, rows[300:], strict=True):
        assert isinstance(answer, Proposal)
        values = label_configs.read(SHAPES, answer.result, data)
        for name in right:
            right[name] += (values.get(name) or frozenset()) == truth[name]
    assert min(right.values()) >= 90


def test_what_cannot_be_read_is_not_guessed(config: LabelConfig, digits: Digits) -> None:
    """A broken or missing image abstains; the task beside it is answered."""
    data, _ = digits
    broken = {"image": data[0]["image"][:90]}
    found = ask(learn(labelled(digits, 60, config), config), [broken, data[70], {}])
    assert [isinstance(answer, Proposal) for answer in found] == [False, True, False]


def test_a_server_that_is_down_is_asked_once(config: LabelConfig, digits: Digits) -> None:
    """One silence ends the asking for uploads; data URIs in the same request are answered."""
    data, _ = digits
    asked: list[str] = []

    def down(path: str) -> bytes:
        asked.append(path)
        raise Unreachable("Label Studio did not answer")

    tasks = [{"image": f"/data/upload/1/{i}.png"} for i in range(50)]
    around = Surroundings(options=ENGINE.options(), fetch=down)
    found = ask(learn(labelled(digits, 60, config), config, around), [*tasks, data[70]])
    assert [isinstance(answer, Proposal) for answer in found] == [False] * 50 + [True]
    assert len(asked) == 1


def test_files_of_local_storage_are_read(config: LabelConfig, digits: Digits) -> None:
    """What Label Studio serves from its disk is asked for as the task names it."""
    data, _ = digits
    content = base64.b64decode(data[70]["image"].split(",")[1])
    asked: list[str] = []

    def fetch(path: str) -> bytes:
        asked.append(path)
        return content

    around = Surroundings(options=ENGINE.options(), fetch=fetch)
    model = learn(labelled(digits, 60, config), config, around)
    address = "/data/local-files/?d=scans/a%20b.png"
    assert ask(model, [{"image": address}]) == ask(model, [data[70]])
    assert asked == [address]


@pytest.mark.parametrize(
    "inside",
    [
        '<Image name="i" valueList="$images"/><Choices name="c" toName="i"><Choice value="a"/>'
        '<Choice value="b"/></Choices>',
        '<Image name="i" value="$a"/><Image name="j" value="$b"/><Pairwise name="c" toName="i,j"/>',
        '<Image name="i" value="$a"/><Image name="j" value="$b"/><Choices name="c" toName="i">'
        '<Choice value="a"/></Choices><Choices name="d" toName="j"><Choice value="a"/></Choices>',
    ],
)
def test_several_images_are_not_served(inside: str) -> None:
    """One image is what is judged."""
    assert not ENGINE.serves(label_configs.parse(f"<View>{inside}</View>"), ENGINE.options())


def test_equal_labels_teach_nothing(config: LabelConfig, digits: Digits) -> None:
    """Where all examples say the same, there is nothing to tell apart."""
    known = examples(digits[0][:20], **{config.controls[0].name: [frozenset({"1"})] * 20})
    with pytest.raises(Unfit, match="all labels are the same"):
        learn(known, config)


@given(arrays.arrays(np.uint8, (7, 9, 3)), st.sampled_from(["RGB", "L", "RGBA", "P", "1", "CMYK"]))
def test_features_are_numbers_from_0_to_1(values: Any, mode: str) -> None:
    """Whatever the picture and its mode are."""
    found = features(Image.fromarray(values).convert(mode))
    assert found.shape == (SORTS[-1],)
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-6


def test_features_say_what_is_there() -> None:
    """A plain picture has no outlines and one colour; stripes have one direction."""
    plain = features(Image.new("RGB", (30, 20), (250, 5, 5)))
    assert not plain[: SORTS[1]].any()
    assert sorted(plain[SORTS[1] : SORTS[2]])[-2:] == [0, 1]
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::16] = stripes[:, 1::16] = stripes[:, 2::16] = 255
    outlines = features(Image.fromarray(stripes))[: SORTS[1]].reshape(-1, 9)
    assert outlines[:, 0].any()
    assert not outlines[:, 1:].any()


def test_pictures_are_seen_as_people_see_them() -> None:
    """Turned by their EXIF data, on white where they are transparent, from 16 bits as from 8."""
    ramp = np.tile(np.arange(0, 256, 4, np.uint8), (64, 1))
    image = Image.fromarray(np.dstack([ramp] * 3))
    turned, content = image.transpose(Image.Transpose.ROTATE_90), BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(content, "PNG", exif=exif)
    assert np.allclose(features(Image.open(content)), features(image), atol=0.02)
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    assert np.array_equal(features(clear), features(Image.new("L", (20, 20), 255)))
    deep = Image.fromarray(ramp.astype(np.uint16) * 257)
    assert np.allclose(features(deep), features(image), atol=0.03)
