"""Answers to label configs in JSON, as people and language models say them, and back."""

from label_configs.spoken.spoken import controls, copied, said, schema, values
from label_configs.spoken.visible import visible
from label_configs.spoken.wording import instructions

__all__ = ["controls", "copied", "instructions", "said", "schema", "values", "visible"]
