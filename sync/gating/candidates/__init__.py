"""What people's answers say about the candidates of a generator."""

from sync.gating.candidates.confusions import Confusion, confusions
from sync.gating.candidates.labels import LabelFigure, label_figures

__all__ = ["Confusion", "LabelFigure", "confusions", "label_figures"]
