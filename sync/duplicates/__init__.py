"""Near-duplicates: which tasks say nearly the same as one that must not be trained on."""

from sync.duplicates.near import Near, near
from sync.duplicates.pictures import similar_pictures
from sync.duplicates.tasks import Shown, near_tasks, shown

__all__ = ["Near", "Shown", "near", "near_tasks", "shown", "similar_pictures"]
