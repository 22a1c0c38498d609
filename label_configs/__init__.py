"""Label configs: the shipped ones, and how labels are read, written and compared."""

from label_configs.catalogue import load, names, with_labels
from label_configs.compare import categories, distance, read, write
from label_configs.parse import Control, LabelConfig, ObjectTag, parse

__all__ = [
    "Control",
    "LabelConfig",
    "ObjectTag",
    "categories",
    "distance",
    "load",
    "names",
    "parse",
    "read",
    "with_labels",
    "write",
]
