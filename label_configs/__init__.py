"""Label configs: the shipped ones, and how labels are read, written and compared."""

from label_configs.catalogue import Scenario, load, names, scenario, with_labels
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
from label_configs.kinds.shown import parts_of, text_of
from label_configs.kinds.shown import place as text_place
from label_configs.parse import Control, LabelConfig, ObjectTag, parse
from label_configs.weights import Weighing, weighing, weighted

__all__ = [
    "Control",
    "LabelConfig",
    "ObjectTag",
    "Scenario",
    "Weighing",
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
    "parts_of",
    "read",
    "scenario",
    "text_of",
    "text_place",
    "values_distance",
    "weighing",
    "weighted",
    "with_labels",
    "write",
]
