"""Pull: what changed in Label Studio goes into the mirror, and what proves that it did."""

from sync.pull.check import Difference, differences
from sync.pull.pull import Pulled, connected, pull, rebuild
from sync.pull.take import Fields

__all__ = ["Difference", "Fields", "Pulled", "connected", "differences", "pull", "rebuild"]
