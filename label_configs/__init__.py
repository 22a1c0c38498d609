"""Label configs: the shipped ones, and how labels are read, written and compared."""

from label_configs.catalogue import load, names, with_labels
from label_configs.compare import (
    categories,
    control_distance,
    distance,
    pairs,
    read,
    values_distance,
    write,
)
from label_configs.kinds import kind_of
from label_configs.parse import Control, LabelConfig, ObjectTag, parse

__all__ = [
    "Control",
    "LabelConfig",
    "ObjectTag",
    "categories",
    "control_distance",
    "distance",
    "kind_of",
    "load",
    "names",
    "pairs",
    "parse",
    "read",
    "values_distance",
    "with_labels",
    "write",
]
