"""What the worker counts and how it stands, for Prometheus."""

from sync.metrics.counted import Counted
from sync.metrics.served import serve
from sync.metrics.standing import Standing

__all__ = ["Counted", "Standing", "serve"]
