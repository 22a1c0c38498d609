"""Answers in JSON: for every control tag, what is said is read as what was meant."""

from __future__ import annotations

import json
from functools import cache

import jsonschema
import pytest

import label_configs
from label_configs import LabelConfig, spoken
from tests.label_configs.every import EVERY, Sample

every_sample = pytest.mark.parametrize("sample", EVERY, ids=[s.name for s in EVERY])


@cache
def parsed(xml: str) -> LabelConfig:
    return label_configs.parse(xml)


@every_sample
def test_what_is_said_is_what_was_meant(sample: Sample) -> None:
    """values(said(values)) is values, as JSON, and equal after label_configs.write and read."""
    config = parsed(sample.xml)
    for result in (sample.result, *sample.others):
        meant = label_configs.read(config, result, sample.data)
        answer = json.loads(json.dumps(spoken.said(config, meant, sample.data)))
        found = spoken.values(config, answer, sample.data)
        assert found == meant
        written = label_configs.write(config, found)
        assert label_configs.read(config, written, sample.data) == meant


@every_sample
def test_what_is_said_in_text_fits_the_schema(sample: Sample) -> None:
    """The schema is one of draft 2020-12, and takes each answer whose controls it has."""
    config = parsed(sample.xml)
    for result in (sample.result, *sample.others):
        schema = spoken.schema(config, sample.data)
        jsonschema.Draft202012Validator.check_schema(schema)
        answer = spoken.said(config, label_configs.read(config, result, sample.data), sample.data)
        full = {name: answer.get(name) for name in spoken.controls(config)}
        assert tuple(schema["properties"]) == spoken.controls(config)
        jsonschema.Draft202012Validator(schema).validate(full)
