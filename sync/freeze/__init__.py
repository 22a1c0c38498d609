"""Freeze: a batch is closed, its sample drawn, its candidates placed in Label Studio."""

from sync.freeze.freeze import Frozen, freeze, resume
from sync.freeze.gold import GoldItem, Planted, plant
from sync.freeze.queue import extend

__all__ = ["Frozen", "GoldItem", "Planted", "extend", "freeze", "plant", "resume"]
