"""Batches keep the weights of their controls and the sizes of their parts."""

import sqlalchemy as sa
from alembic.operations import Operations


def upgrade(op: Operations) -> None:
    """Give old batches empty ones: theirs were not kept."""
    for name in ("weights", "strata"):
        op.add_column("batches", sa.Column(name, sa.JSON(), nullable=False, server_default="{}"))
