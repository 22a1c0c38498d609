"""The store's tables, the same on SQLite and on PostgreSQL."""

import re
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

#: Raised by one whenever a table changes; `migrations` then has a step to it.
VERSION = 4


class UtcDateTime(sa.TypeDecorator[datetime]):
    """A time that goes in aware and comes out as UTC: SQLite alone would drop the zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Refuse a naive time: its zone would be guessed."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"time without a zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class StoredText(sa.TypeDecorator[str]):
    """Text from outside: what PostgreSQL or UTF-8 cannot hold becomes U+FFFD.

    NUL and lone surrogates are valid in JSON, so a task's data may hold them.
    """

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """Replace what cannot be stored, in what is written and in what is looked for."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """The text as both databases can hold it."""
    return _UNSTORABLE.sub("\ufffd", text)


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

metadata = sa.MetaData()


def _table(name: str, *columns: sa.schema.SchemaItem) -> sa.Table[Any]:
    return sa.Table(name, metadata, *columns)


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, StoredText, primary_key=key, nullable=False)


def _words(name: str) -> sa.Column[str]:
    """A text that is empty until something is said."""
    return sa.Column(name, StoredText, nullable=False, server_default="")


def _int(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _json(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=nullable)


def _added(name: str) -> sa.Column[Any]:
    """A JSON object that rows of an older version lack: theirs is empty."""
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=False, server_default="{}")


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, UtcDateTime, nullable=nullable)


def _real(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Float, nullable=True)


def _gone(name: str) -> sa.Index:
    """The tombstones alone, so that those that are left can be counted without reading any."""
    some = sa.text("deleted_at IS NOT NULL")
    return sa.Index(name, "project_id", sqlite_where=some, postgresql_where=some)


meta = _table("meta", _text("key", key=True), _text("value"))

projects = _table(
    "projects",
    _key("project_id"),
    _text("title"),
    _text("label_config"),
    _text("model_version"),
    _text("user_color"),
    _text("webhook_secret"),
    sa.Column("backend_id", sa.BigInteger),
    _time("cursor", nullable=True),
    _time("hinted_at", nullable=True),
)

tasks = _table(
    "tasks",
    _key("project_id"),
    _key("task_id"),
    _json("data"),
    _text("data_hash"),
    _text("batch"),
    _time("updated_at"),
    _time("created_at", nullable=True),
    _time("deleted_at", nullable=True),
    sa.Index("tasks_by_batch", "project_id", "batch"),
    sa.Index("tasks_by_hash", "project_id", "data_hash"),
    _gone("tasks_gone"),
)

annotations = _table(
    "annotations",
    _key("project_id"),
    _key("annotation_id"),
    _int("task_id"),
    _int("annotator"),
    _json("result"),
    _flag("was_cancelled"),
    _flag("ground_truth"),
    _real("lead_time"),
    _time("created_at"),
    _time("updated_at"),
    _time("deleted_at", nullable=True),
    sa.Index("annotations_by_task", "project_id", "task_id"),
    _gone("annotations_gone"),
)

#: Every state that an annotation was seen in; revision 0 is the first submission.
revisions = _table(
    "revisions",
    _key("project_id"),
    _key("annotation_id"),
    _key("revision"),
    _int("task_id"),
    _int("annotator"),
    _json("result"),
    _flag("was_cancelled"),
    _real("lead_time"),
    _time("updated_at"),
    sa.Index("revisions_by_task", "project_id", "task_id"),
)

batches = _table(
    "batches",
    _key("project_id"),
    _text("name", key=True),
    _time("frozen_at"),
    _text("sampling_key"),
    _json("policy"),
    _text("policy_digest"),
    _text("generator"),
    _text("generator_version"),
    _int("population"),
    _int("queue_length"),
    _flag("complete"),
    sa.Column("parent", StoredText),
    _json("views"),
    _added("weights"),
    _added("strata"),
    # How often what a verdict on it rests on changed.
    _count("evidence"),
)

candidates = _table(
    "candidates",
    _key("project_id"),
    _text("batch", key=True),
    _key("task_id"),
    _json("result", nullable=True),
    _real("score"),
    _text("generator_version"),
    _text("reason"),
    _text("data_hash"),
    sa.Index("candidates_by_task", "project_id", "task_id"),
)

places = _table(
    "places",
    _key("project_id"),
    _text("batch", key=True),
    _key("task_id"),
    _int("position"),
    _text("role"),
    sa.Index("places_by_task", "project_id", "task_id"),
)

gold = _table("gold", _key("project_id"), _key("task_id"), _json("result"))

verdicts = _table(
    "verdicts",
    _key("project_id"),
    _text("batch", key=True),
    _key("sequence"),
    _time("decided_at"),
    _json("verdict"),
)

set_aside = _table(
    "set_aside",
    _key("project_id"),
    _text("kind", key=True),
    _key("item_id"),
    # Where an annotation is; an older Assay did not keep it.
    sa.Column("task_id", sa.BigInteger),
    _text("reason"),
    _time("seen_at"),
)

#: An import of predictions that was begun: with one task of it, all are there, or none is.
placings = _table("placings", _key("project_id"), _int("task_id"), _time("begun_at"))

leases = _table("leases", _key("project_id"), _text("holder"), _time("until"))

#: How the worker stands with each project.
passes = _table(
    "passes",
    _key("project_id"),
    _time("started_at", nullable=True),
    _time("ended_at", nullable=True),
    _time("ok_at", nullable=True),
    _time("swept_at", nullable=True),
    _count("failures"),
    _words("error"),
    _words("error_kind"),
    _time("error_at", nullable=True),
    _real("lag"),
    _count("tasks"),
    _count("annotations"),
    _real("seconds"),
    _words("holder"),
)

#: Work that is done beside the passes, and what came of it.
jobs = _table(
    "jobs",
    _text("job_id", key=True),
    _int("project_id"),
    _text("kind"),
    _added("arguments"),
    _text("state"),
    _count("attempts"),
    _time("queued_at"),
    _time("started_at", nullable=True),
    _time("ended_at", nullable=True),
    _words("holder"),
    _time("until", nullable=True),
    _words("error"),
    _json("result", nullable=True),
    sa.Column("cancel", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("jobs_by_state", "state", "queued_at"),
)
