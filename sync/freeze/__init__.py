"""Freeze: a batch is closed, its sample drawn, its candidates placed in Label Studio."""

from sync.freeze.freeze import Frozen, freeze, resume
from sync.freeze.gold import Planted, plant
from sync.freeze.queue import extend
from sync.records import GoldItem

__all__ = ["Frozen", "GoldItem", "Planted", "extend", "freeze", "plant", "resume"]
