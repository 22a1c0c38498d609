"""Brush masks are read, written and compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import label_configs
from label_configs import Control
from label_configs.kinds import brush, rle
from sync.errors import Fatal, Malformed

MASKS: Control = label_configs.parse(
    '<View><Image name="i" value="$i"/><BrushLabels name="c" toName="i">'
    '<Label value="a"/><Label value="b"/></BrushLabels></View>'
).by_name["c"]

bitmaps = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12))
painted = bitmaps.filter(np.any)


def region(bitmap: Any, label: str = "a", **more: Any) -> dict[str, Any]:
    height, width = bitmap.shape
    data = rle.encode(rle.of_mask(bitmap.ravel()), bitmap.size)
    value = {"format": "rle", "rle": list(data), "brushlabels": [label]}
    place = {"id": "r1", "type": "brushlabels", "to_name": "i"}
    return place | {"original_width": width, "original_height": height, "value": value} | more


def masks(*regions: dict[str, Any]) -> Any:
    return brush.KIND.read(MASKS, regions, None)


def rgba(bitmap: Any) -> Any:
    """Four values for each pixel, as the editor's canvas has them."""
    return np.repeat(bitmap.ravel().astype(np.uint8) * 255, 4)


@given(bitmaps)
def test_ours_is_decoded_by_the_sdk(bitmap: Any) -> None:
    """What we encode is the picture that Label Studio's own decoder draws."""
    from label_studio_sdk.converter.brush import decode_rle

    data = rle.encode(rle.of_mask(bitmap.ravel()), bitmap.size)
    assert np.array_equal(decode_rle(list(data)), rgba(bitmap))


@given(bitmaps)
def test_the_sdks_is_decoded_by_us(bitmap: Any) -> None:
    """What Label Studio's own encoder writes is the mask that it was given."""
    from label_studio_sdk.converter.brush import encode_rle

    assert np.array_equal(
        rle.decode(bytes(encode_rle(rgba(bitmap))), bitmap.size), rle.of_mask(bitmap.ravel())
    )


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(1, 40)), min_size=1),
    st.integers(1, 16),
    st.tuples(*[st.integers(1, 16)] * 4),
    st.data(),
)
def test_any_records_are_decoded_as_by_the_sdk(
    records: list[tuple[bool, int, int]], word: int, sizes: tuple[int, ...], draw: Any
) -> None:
    """Repeated values and values one by one, in any sizes, as in the original decoder."""
    from label_studio_sdk.converter.brush import decode_rle

    # The SDK's decoder keeps eight bits of a value.
    values = st.sampled_from([0, 1 % (1 << word), min((1 << word) - 1, 255)])
    text, total = "", 0
    for repeats, which, length in records:
        length = min(length, 1 << sizes[which])
        total += length
        text += f"{int(repeats)}{which:02b}{length - 1:0{sizes[which]}b}"
        text += "".join(f"{draw.draw(values):0{word}b}" for _ in range(1 if repeats else length))
    missing = -total % 4
    for _ in range(missing):
        text += f"100{0:0{sizes[0]}b}{0:0{word}b}"
    total += missing
    head = f"{total:032b}{word - 1:05b}" + "".join(f"{size - 1:04b}" for size in sizes)
    bits = head + text + "0" * (-len(head + text) % 8)
    data = bytes(int(bits[k : k + 8], 2) for k in range(0, len(bits), 8))
    alpha = decode_rle(list(data)).reshape(-1, 4)[:, 3]
    assert np.array_equal(rle.decode(data, total // 4), rle.of_mask(alpha > 0))


@given(st.data(), hnp.array_shapes(min_dims=2, max_dims=2, max_side=12))
def test_masks_overlap_as_in_pycocotools(draw: Any, shape: tuple[int, ...]) -> None:
    """Intersection over union, as COCO counts it."""
    from pycocotools import mask as coco

    same = hnp.arrays(np.bool_, shape).filter(np.any)
    a, b = draw.draw(same), draw.draw(same)
    encoded = [coco.encode(np.asfortranarray(one.astype(np.uint8))) for one in (a, b)]
    expected = coco.iou(encoded[:1], encoded[1:], [False])[0, 0]
    ours = 1 - brush.KIND.distance(MASKS, masks(region(a)), masks(region(b)))
    assert ours == pytest.approx(expected, abs=1e-12)


@given(painted, st.sampled_from("ab"), st.integers(0, 2))
def test_what_is_written_is_read(bitmap: Any, label: str, index: int) -> None:
    """read(write(v)) is v."""
    value = masks(region(bitmap, label, item_index=index))
    assert brush.KIND.read(MASKS, brush.KIND.write(MASKS, value), None) == value
    assert hash(value)


def test_a_large_mask_is_small_and_soon_read() -> None:
    """A disc on 12 megapixels takes no more than its edge."""
    y, x = np.ogrid[:3000, :4000]
    disc = (x - 2000) ** 2 + (y - 1500) ** 2 < 1000**2
    (one,) = masks(region(disc))
    assert len(one.runs) == 8 * 1999
    assert rle.area(rle.of_mask(disc.ravel())) == disc.sum()


def test_images_of_other_sizes_have_nothing_in_common() -> None:
    """A mask of as many pixels in another form is another mask."""
    flat, tall = masks(region(np.ones((2, 8), bool))), masks(region(np.ones((8, 2), bool)))
    assert brush.KIND.distance(MASKS, flat, tall) == 1
    assert brush.KIND.pairs(MASKS, flat, tall) == [("a", None), (None, "a")]


def test_labels_stand_against_each_other() -> None:
    """Masks with a half in common are the same thing, whatever they are called."""
    whole, part = np.ones((2, 4), bool), np.ones((2, 4), bool)
    part[0] = False
    a, b = masks(region(whole), region(part, "b")), masks(region(part))
    assert brush.KIND.pairs(MASKS, a, b) == [("a", None), ("b", "a")]
    assert brush.KIND.counts(MASKS, a, b, 0.5) == (1, 2, 1)
    assert brush.KIND.counts(MASKS, a, b, 0.6) == (0, 2, 1)


ONE = region(np.ones((2, 3), bool))


def changed(**value: Any) -> dict[str, Any]:
    return ONE | {"value": ONE["value"] | value}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (region(np.zeros((2, 3), bool)), "nothing is painted"),
        (changed(rle=None), "no mask in run lengths"),
        (changed(format="png"), "no mask in run lengths"),
        (changed(rle=[]), "ends too early"),
        (changed(rle=ONE["value"]["rle"][:-1]), "ends too early"),
        (changed(rle=[1, 2, "x"]), "cannot be read"),
        (changed(rle=[256]), "cannot be read"),
        (changed(rle=[1.5]), "cannot be read"),
        (changed(rle=[255] * 9), "4294967295 values, and the image has 4 for each of 6 pixels"),
        (changed(brushlabels=["c"]), "'c', which the label config does not know"),
        (ONE | {"original_width": None}, "original_width and original_height are not given"),
        (ONE | {"original_width": 4}, "24 values, and the image has 4 for each of 8 pixels"),
        (ONE | {"original_width": 999_999, "original_height": 999_999}, "are the most"),
        (ONE | {"type": "rectanglelabels"}, "type 'rectanglelabels'"),
    ],
)
def test_what_cannot_be_read_is_named(wrong: dict[str, Any], message: str) -> None:
    """Each malformed region says what is wrong, and which it is."""
    with pytest.raises(Malformed, match=message) as caught:
        masks(ONE, wrong)
    assert caught.value.region == "r1"


@given(st.binary(max_size=40))
def test_any_bytes_are_a_mask_or_refused(data: bytes) -> None:
    """Whatever is sent, nothing else goes wrong and no memory is taken for what is not there."""
    head = (4 * 10**9 // 16 * 4).to_bytes(4, "big") + bytes([0b00111_001, 0, 0xFF, 0xFF])
    for sent, pixels in ((head + data, 10**9 // 4), (data, int.from_bytes(data[:4], "big") // 4)):
        try:
            runs = rle.decode(sent, pixels)
        except ValueError:
            continue
        assert (np.diff(runs) > 0).all()


@pytest.mark.parametrize("tag", ["Bitmask", "BitmaskLabels", "VectorLabels"])
def test_what_is_no_mask_in_run_lengths_is_refused(tag: str) -> None:
    """Masks as pictures and curves are not compared, and the message says what is."""
    inside = '<Label value="a"/>' if tag.endswith("Labels") else ""
    config = label_configs.parse(
        f'<View><Image name="i" value="$i"/><{tag} name="c" toName="i">{inside}</{tag}></View>'
    )
    with pytest.raises(Fatal, match=f"values of {tag} .* cannot be compared: .* BrushLabels"):
        label_configs.kind_of(config.by_name["c"])
