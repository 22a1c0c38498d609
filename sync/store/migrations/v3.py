"""When tasks were made, where what is set aside was, imports, how the worker stands, jobs."""

import sqlalchemy as sa
from alembic.operations import Operations


def upgrade(op: Operations) -> None:
    """Make the new tables and columns, whose values are learned when a task is next read."""
    op.add_column("tasks", _time("created_at"))
    op.add_column("set_aside", sa.Column("task_id", sa.BigInteger()))
    op.create_table(
        "placings",
        _key(),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        _time("begun_at", nullable=False),
        # Some stores of version 2 have it already.
        if_not_exists=True,
    )
    op.create_table(
        "passes",
        _key(),
        _time("started_at"),
        _time("ended_at"),
        _time("ok_at"),
        _time("swept_at"),
        _count("failures"),
        _words("error"),
        _words("error_kind"),
        _time("error_at"),
        sa.Column("lag", sa.Float()),
        _count("tasks"),
        _count("annotations"),
        sa.Column("seconds", sa.Float()),
        _words("holder"),
    )
    _make_jobs(op)
    some = sa.text("deleted_at IS NOT NULL")
    for table in ("tasks", "annotations"):
        op.create_index(
            f"{table}_gone", table, ["project_id"], sqlite_where=some, postgresql_where=some
        )


def _make_jobs(op: Operations) -> None:
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.Text(), primary_key=True),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("state", sa.Text(), nullable=False),
        _count("attempts"),
        _time("queued_at", nullable=False),
        _time("started_at"),
        _time("ended_at"),
        _words("holder"),
        _time("until"),
        _words("error"),
        sa.Column("result", sa.JSON()),
        sa.Column("cancel", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("jobs_by_state", "jobs", ["state", "queued_at"])


def _key() -> sa.Column[int]:
    return sa.Column("project_id", sa.BigInteger(), primary_key=True, autoincrement=False)


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")
