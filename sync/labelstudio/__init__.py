"""Label Studio as Assay uses it; the only package that speaks to it."""

from sync.labelstudio.client import LabelStudio

__all__ = ["LabelStudio"]
