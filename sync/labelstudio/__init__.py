"""Label Studio as Assay uses it; the only package that speaks to it."""

from sync.labelstudio.client import LabelStudio
from sync.labelstudio.replies import Missing
from sync.labelstudio.transport import Patience

__all__ = ["LabelStudio", "Missing", "Patience"]
