"""How the verdict is put in words."""

from __future__ import annotations

from sync.gating.sentence import _fitting


def test_reasons_are_told_whole_or_not_at_all() -> None:
    """Where room is short, what stands in brackets goes first; no reason is cut in its middle."""
    gold = "12 gold tasks are too few to show 85%, whatever is answered: add 2 or more"
    labels = "3 of 3 labels are open"
    names = " ('other', 'positive', 'negative')"
    assert _fitting([labels + names]) == labels + names
    assert _fitting([f"{gold} (assay gold add)", labels + names]) == f"{gold}; {labels}"
    assert _fitting([labels + names, "x" * 100]) == labels
