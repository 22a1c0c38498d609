"""Label configs: the shipped ones, and how labels are read, written and compared."""

from label_configs.catalogue import load, names, with_labels
from label_configs.compare import (
    categories,
    control_distance,
    control_distances,
    distance,
    may_be_empty,
    number,
    pairs,
    read,
    values_distance,
    write,
)
from label_configs.kinds import kind_of
from label_configs.kinds.shown import place as text_place
from label_configs.kinds.shown import text_of
from label_configs.parse import Control, LabelConfig, ObjectTag, parse
from label_configs.weights import weighted

__all__ = [
    "Control",
    "LabelConfig",
    "ObjectTag",
    "categories",
    "control_distance",
    "control_distances",
    "distance",
    "kind_of",
    "load",
    "may_be_empty",
    "names",
    "number",
    "pairs",
    "parse",
    "read",
    "text_of",
    "text_place",
    "values_distance",
    "weighted",
    "with_labels",
    "write",
]
