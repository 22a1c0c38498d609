"""What `assay doctor` looks at."""

from sync.doctor.examine import Parts, examine
from sync.doctor.finding import Finding, State

__all__ = ["Finding", "Parts", "State", "examine"]
