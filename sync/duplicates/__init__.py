"""Near-duplicates: which tasks say nearly the same as one that must not be trained on."""

from sync.duplicates.near import Near, near
from sync.duplicates.pictures import picture_hash, similar_pictures
from sync.duplicates.shown import shown

__all__ = ["Near", "near", "picture_hash", "shown", "similar_pictures"]
