"""What was frozen: batches, candidates, the draw order and gold; and the verdicts on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sync.errors import ConfigurationError
from sync.records import Batch, Candidate, Gold, Json, Place, Result, Role, Task
from sync.store import schema as s
from sync.store.asked import Asked, Drawn, among
from sync.store.base import Base, Row, chunks, record
from sync.store.engine import insert, upsert
from sync.store.evidence import changed
from sync.store.reused import set_these_apart

#: Columns of a revision that evidence is made of.
_SUBMITTED = ("task_id", "annotation_id", "annotator", "result", "was_cancelled", "lead_time")


class Ledger(Base):
    """The frozen side of the store: written once, but for the queue and the verdicts."""

    def freeze(
        self,
        project_id: int,
        batch: Batch,
        candidates: Sequence[Candidate],
        places: Sequence[Place],
        hashes: Mapping[int, str],
    ) -> None:
        """Write a batch with its candidates, data hashes and draw order, as one step.

        Raises:
            ConfigurationError: a batch of that name is frozen already.
        """
        key = {"project_id": project_id, "batch": batch.name}
        with self._write() as connection:
            # The insert itself decides: of two that freeze at once, one finds the row there.
            row = {"project_id": project_id, **asdict(batch)}
            new = insert(connection, s.batches).values(row).on_conflict_do_nothing()
            if connection.execute(new.returning(s.batches.c.name)).first() is None:
                raise ConfigurationError(
                    f"batch {batch.name!r} is frozen already; a new generation needs a new name"
                )
            rows = [asdict(c) | key | {"data_hash": hashes[c.task_id]} for c in candidates]
            upsert(connection, s.candidates, rows)
            upsert(connection, s.places, [asdict(p) | key for p in places])

    @staticmethod
    def _batch(project_id: int, name: str) -> sa.Select[Any]:
        return sa.select(s.batches).where(
            s.batches.c.project_id == project_id, s.batches.c.name == name
        )

    def update_batch(self, project_id: int, name: str, **values: Any) -> None:
        """Change what may change after freeze: queue_length, complete, views."""
        with self._write() as connection:
            connection.execute(
                sa.update(s.batches)
                .where(s.batches.c.project_id == project_id, s.batches.c.name == name)
                .values(**values)
            )

    def batch(self, project_id: int, name: str) -> Batch | None:
        """The frozen batch of that name, if there is one."""
        rows = self._rows(self._batch(project_id, name))
        return record(Batch, rows[0]) if rows else None

    def batches(self, project_id: int) -> list[Batch]:
        """All frozen batches, oldest first."""
        statement = sa.select(s.batches).where(s.batches.c.project_id == project_id)
        rows = self._rows(statement.order_by(s.batches.c.frozen_at, s.batches.c.name))
        return [record(Batch, row) for row in rows]

    def batch_candidates(self, project_id: int, name: str) -> list[Candidate]:
        """A frozen batch's candidates, abstentions included, by task id."""
        statement = sa.select(s.candidates).where(
            s.candidates.c.project_id == project_id, s.candidates.c.batch == name
        )
        return [
            record(Candidate, row) for row in self._rows(statement.order_by(s.candidates.c.task_id))
        ]

    def data_hashes(self, project_id: int, name: str) -> dict[int, str]:
        """The hash of each task's data as it was at freeze."""
        c = s.candidates.c
        statement = sa.select(c.task_id, c.data_hash).where(
            c.project_id == project_id, c.batch == name
        )
        return {row["task_id"]: row["data_hash"] for row in self._rows(statement)}

    def generator_versions(self, project_id: int) -> set[str]:
        """Every version that a candidate of a frozen batch came from."""
        c = s.candidates.c
        statement = sa.select(c.generator_version).where(c.project_id == project_id).distinct()
        return {row["generator_version"] for row in self._rows(statement)}

    def candidates(
        self, project_id: int, task_ids: Iterable[int], hashes: Mapping[int, str] | None = None
    ) -> dict[int, Candidate]:
        """The frozen candidate of each task that is in a frozen batch; the newest batch's.

        Args:
            project_id: the project.
            task_ids: the tasks.
            hashes: of their data; default whatever was frozen. A candidate for other data is none.
        """
        found: dict[int, Candidate] = {}
        c, b = s.candidates, s.batches
        for chunk in chunks(task_ids):
            statement = (
                sa.select(c)
                .join(b, (b.c.project_id == c.c.project_id) & (b.c.name == c.c.batch))
                .where(c.c.project_id == project_id, c.c.task_id.in_(chunk))
                .order_by(b.c.frozen_at)
            )
            for row in self._rows(statement):
                if hashes is None or hashes[row["task_id"]] == row["data_hash"]:
                    found[row["task_id"]] = record(Candidate, row)
        return found

    def withheld(self, project_id: int, task_ids: Iterable[int]) -> set[int]:
        """Those of the tasks that are never pre-filled: blind ones and gold ones."""
        found: set[int] = set()
        p, g = s.places.c, s.gold.c
        for chunk in chunks(task_ids):
            blind = sa.select(p.task_id).where(
                p.project_id == project_id, p.role == Role.BLIND.value, p.task_id.in_(chunk)
            )
            gold = sa.select(g.task_id).where(g.project_id == project_id, g.task_id.in_(chunk))
            # In one round trip: annotators wait for it whenever they open a task.
            found.update(row["task_id"] for row in self._rows(sa.union_all(blind, gold)))
        return found

    def places(self, project_id: int, name: str) -> list[Place]:
        """The batch's draw order as far as the reserve goes."""
        statement = sa.select(s.places).where(
            s.places.c.project_id == project_id, s.places.c.batch == name
        )
        return [_place(row) for row in self._rows(statement.order_by(s.places.c.position))]

    def drawn(self, project_id: int, name: str) -> list[Drawn]:
        """The batch's draw order as far as the reserve goes, with each task then and now."""
        p, c, t = s.places, s.candidates, s.tasks
        frozen = (
            (c.c.project_id == p.c.project_id)
            & (c.c.batch == p.c.batch)
            & (c.c.task_id == p.c.task_id)
        )
        there = (
            (t.c.project_id == p.c.project_id)
            & (t.c.task_id == p.c.task_id)
            & t.c.deleted_at.is_(None)
        )
        now = t.c.data, t.c.data_hash.label("hash_now")
        statement = (
            sa.select(p.c.task_id, p.c.position, p.c.role, c.c.result, c.c.data_hash, *now)
            .outerjoin_from(p, c, frozen)
            .outerjoin(t, there)
            .where(p.c.project_id == project_id, p.c.batch == name)
            .order_by(p.c.position)
        )
        return [
            Drawn(
                place=_place(row),
                result=row["result"],
                data_hash=row["data_hash"],
                data=row["data"],
                hash_now=row["hash_now"],
            )
            for row in self._rows(statement)
        ]

    def tasks_among(self, project_id: int, tasks: Iterable[int] | Asked) -> dict[int, Task]:
        """Those of the tasks that are there and not deleted."""
        found: dict[int, Task] = {}
        t = s.tasks.c
        for mine in among(project_id, t.task_id, tasks):
            statement = sa.select(s.tasks).where(
                t.project_id == project_id, mine, t.deleted_at.is_(None)
            )
            found.update({row["task_id"]: record(Task, row) for row in self._rows(statement)})
        return found

    def first_submissions(self, project_id: int, tasks: Iterable[int] | Asked) -> list[Row]:
        """Each annotation's first seen state on these tasks, oldest first.

        Rows have task_id, annotation_id, annotator, result, was_cancelled, lead_time,
        created_at, deleted_at and edits (revisions after the first).
        """
        r, a, later = s.revisions, s.annotations, s.revisions.alias()
        edits = (
            sa.select(sa.func.max(later.c.revision))
            .where(later.c.project_id == r.c.project_id, later.c.annotation_id == r.c.annotation_id)
            .scalar_subquery()
        )
        # No other columns: each costs, and a large project has tens of thousands of rows here.
        shown = [r.c[name] for name in _SUBMITTED]
        found: list[Row] = []
        for mine in among(project_id, r.c.task_id, tasks):
            statement = (
                sa.select(*shown, a.c.created_at, a.c.deleted_at, edits.label("edits"))
                .join(
                    a,
                    (a.c.project_id == r.c.project_id) & (a.c.annotation_id == r.c.annotation_id),
                )
                .where(r.c.project_id == project_id, r.c.revision == 0, mine)
            )
            found.extend(self._rows(statement))
        return sorted(found, key=lambda row: (row["created_at"], row["annotation_id"]))

    def begin_placing(self, project_id: int, task_id: int, now: datetime) -> None:
        """Remember that an import of predictions is on its way, by one of its tasks."""
        row = {"project_id": project_id, "task_id": task_id, "begun_at": now}
        self._put(s.placings, [row])

    def end_placing(self, project_id: int) -> None:
        """The import has arrived, or never will."""
        with self._write() as connection:
            connection.execute(sa.delete(s.placings).where(s.placings.c.project_id == project_id))

    def placing(self, project_id: int) -> tuple[int, datetime] | None:
        """A task of the import that was begun and not ended, and when it was begun."""
        rows = self._rows(sa.select(s.placings).where(s.placings.c.project_id == project_id))
        return (rows[0]["task_id"], rows[0]["begun_at"]) if rows else None

    def add_gold(self, project_id: int, items: Sequence[Gold], new: Sequence[int] = ()) -> None:
        """Remember known answers, replacing earlier ones for the same tasks.

        Args:
            project_id: the project.
            items: the answers.
            new: ids of tasks that were added since the last pull, which deleted ones may have had.
        """
        with self._write() as connection:
            set_these_apart(connection, project_id, new)
            if items or new:
                changed(connection, project_id, [None])
            upsert(connection, s.gold, [{"project_id": project_id, **asdict(i)} for i in items])

    def gold(self, project_id: int) -> dict[int, Result]:
        """The known answer of every gold task."""
        rows = self._rows(sa.select(s.gold).where(s.gold.c.project_id == project_id))
        return {row["task_id"]: row["result"] for row in rows}

    def record_verdict(self, project_id: int, name: str, verdict: Json, now: datetime) -> bool:
        """Append the verdict if it differs from the batch's last one; True if it did."""
        with self._write() as connection:
            last = connection.execute(_last_verdict(project_id, name)).mappings().first()
            if last is not None and last["verdict"] == verdict:
                return False
            row = {
                "project_id": project_id,
                "batch": name,
                "sequence": 0 if last is None else last["sequence"] + 1,
                "decided_at": now,
                "verdict": verdict,
            }
            upsert(connection, s.verdicts, [row])
            return True

    def verdict(self, project_id: int, name: str) -> Row | None:
        """The batch's newest verdict (sequence, decided_at, verdict), if it was ever gated."""
        rows = self._rows(_last_verdict(project_id, name))
        return rows[0] if rows else None


def _last_verdict(project_id: int, name: str) -> sa.Select[Any]:
    v = s.verdicts
    return (
        sa.select(v)
        .where(v.c.project_id == project_id, v.c.batch == name)
        .order_by(v.c.sequence.desc())
        .limit(1)
    )


def _place(row: Row) -> Place:
    return Place(task_id=row["task_id"], position=row["position"], role=Role(row["role"]))
