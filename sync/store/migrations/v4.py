"""Batches count the changes of what their verdicts rest on."""

import sqlalchemy as sa
from alembic.operations import Operations


def upgrade(op: Operations) -> None:
    """Begin at none: nobody remembers a verdict by an earlier count."""
    count = sa.Column("evidence", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("batches", count)
