"""How each connected project stands, from the store alone."""

from sync.status.account import REMEDIES, health, loose_jobs, status
from sync.status.records import Error, Health, JobStatus, Lease, ProjectStatus

__all__ = [
    "REMEDIES",
    "Error",
    "Health",
    "JobStatus",
    "Lease",
    "ProjectStatus",
    "health",
    "loose_jobs",
    "status",
]
