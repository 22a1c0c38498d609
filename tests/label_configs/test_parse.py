"""Label configs are read as Label Studio reads them, and hostile ones are not read at all."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from typing import Any

import pytest

import label_configs
from sync.errors import ConfigurationError

TEXT = '<Text name="t" value="$words"/>'
LOST = '<Choices name="c" toName="z"><Choice value="a"/></Choices>'
CHOICES = '<Choices name="c" toName="t"><Choice value="a"/><Choice value="b"/></Choices>'


def test_what_is_in_a_config() -> None:
    """Controls with their labels and attributes, objects with the field of the data they show."""
    config = label_configs.parse(f"<View>{TEXT}{CHOICES}</View>")
    (control,), (shown,) = config.controls, config.objects
    assert (control.name, control.tag, control.to_name) == ("c", "Choices", ("t",))
    assert control.labels == ("a", "b")
    assert control.attrs["toName"] == "t"
    assert (shown.name, shown.tag, shown.value, shown.field) == ("t", "Text", "$words", "words")


def test_a_config_cannot_be_changed() -> None:
    """What was parsed stays as it was."""
    config: Any = label_configs.parse(f"<View>{TEXT}{CHOICES}</View>")
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.xml = ""
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.controls[0].name = ""


def test_what_is_commented_out_is_no_control() -> None:
    """Comments are no part of a config."""
    config = label_configs.parse(
        f"<View><!-- {CHOICES.replace('c', 'd')} -->{TEXT}{CHOICES}</View>"
    )
    assert [control.name for control in config.controls] == ["c"]


BOMB = "".join(f'<!ENTITY x{i} "{f"&x{i - 1};" * 10}">' for i in range(1, 30))


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><View/>", "DOCTYPE or an entity"),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><View>&a;</View>', "DOCTYPE"),
        (f'<!DOCTYPE x [<!ENTITY x0 "lol">{BOMB}]><View>&x29;</View>', "DOCTYPE"),
        ("<!doctype html><View/>", "DOCTYPE or an entity"),
        ("\ufeff <!DOCTYPE x><View/>", "DOCTYPE or an entity"),
        ("<View>\x00</View>", "NUL character"),
        (" " * 1_000_001, "1000001 characters: at most 1000000"),
        ("<View>" * 5_000 + "</View>" * 5_000, "cannot be read"),
        ('<?xml version="1.0" encoding="utf-7"?><View/>', "cannot be read"),
        ("", "cannot be read"),
        ("no XML", "cannot be read"),
        ("<View>", "cannot be read"),
        ("<View>&unknown;</View>", "cannot be read"),
        ("<View/>", "no control tag"),
        (f"<View>{TEXT}</View>", "no control tag"),
        (f"<View>{CHOICES}</View>", "points to 't': the objects are none"),
        (f"<View>{TEXT}{LOST}</View>", "points to 'z'"),
    ],
)
def test_hostile_or_broken_configs_are_refused(xml: str, message: str) -> None:
    """Each refusal is one sentence that names the reason, and comes at once."""
    start = time.monotonic()
    with pytest.raises(ConfigurationError, match=message) as caught:
        label_configs.parse(xml)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("xml", ["<!DOCTYPE x><View/>", " " * 1_000_001])
def test_no_xml_parser_sees_a_hostile_config(xml: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard stands before the SDK: with the SDK out of reach, the refusal is the same."""
    monkeypatch.setitem(sys.modules, "label_studio_sdk.label_interface", None)
    with pytest.raises(ConfigurationError, match=r"DOCTYPE|at most"):
        label_configs.parse(xml)


def test_importing_does_not_import_the_sdk() -> None:
    """The SDK takes seconds to import, so only parse does it."""
    code = (
        "import sys, label_configs; label_configs.load('ner'); "
        "print([name for name in sys.modules if name.startswith(('label_studio_sdk', 'lxml'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_config_may_begin_as_files_do() -> None:
    """A declaration of XML and its encoding is passed over."""
    plain = '<View><Text name="t" value="$t"/><Rating name="r" toName="t"/></View>'
    declared = f'\n<?xml version="1.0" encoding="utf-8"?>\n{plain}'
    assert label_configs.parse(declared).controls == label_configs.parse(plain).controls
