"""What people's answers say about the candidates of a generator."""

from sync.gating.candidates.anchoring import Anchoring, Arms, Seen, anchoring, arms, pooled
from sync.gating.candidates.confusions import Confusion, confusions
from sync.gating.candidates.labels import LabelFigure, label_figures

__all__ = [
    "Anchoring",
    "Arms",
    "Confusion",
    "LabelFigure",
    "Seen",
    "anchoring",
    "arms",
    "confusions",
    "label_figures",
    "pooled",
]
