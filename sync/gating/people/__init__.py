"""People: who can be relied on, what they say together, and which gold they contradict."""

from sync.gating.people.annotators import AnnotatorReport, annotator_reports
from sync.gating.people.competence import Confusion
from sync.gating.people.consensus import Consensus, majority
from sync.gating.people.dawid_skene import DawidSkene, dawid_skene
from sync.gating.people.flag import Flag
from sync.gating.people.suspect_gold import SuspectGold, suspect_gold

__all__ = [
    "AnnotatorReport",
    "Confusion",
    "Consensus",
    "DawidSkene",
    "Flag",
    "SuspectGold",
    "annotator_reports",
    "dawid_skene",
    "majority",
    "suspect_gold",
]
