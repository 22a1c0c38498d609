"""Steps from each version of the store's tables to the next, written with Alembic.

The version stands in the table `meta`, where an older Assay looks too, so that it refuses a
newer store; Alembic keeps no table of its own. A step says what changed then and never changes.
"""

from __future__ import annotations

from importlib import import_module

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from sync.store.schema import VERSION


def migrate(connection: sa.Connection, found: int) -> None:
    """Bring tables of version `found` to today's, within the transaction that is open."""
    operations = Operations(MigrationContext.configure(connection))
    for version in range(found + 1, VERSION + 1):
        import_module(f"{__name__}.v{version}").upgrade(operations)
