"""Any Label Studio ML backend as the generator: the ordinary `/predict` contract, v1 and v2."""

from sync.generator.client import PURPOSE, Generator, Group, pace_of
from sync.generator.faults import Failure, Kind
from sync.generator.line import Item, Line
from sync.generator.reply import Proposal, fault, score

__all__ = [
    "PURPOSE",
    "Failure",
    "Generator",
    "Group",
    "Item",
    "Kind",
    "Line",
    "Proposal",
    "fault",
    "pace_of",
    "score",
]
