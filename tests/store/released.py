"""The store's tables as each released version made them, with a row in each, written by hand."""

from __future__ import annotations

#: Tables of version 1; `{time}` is the database's type for a moment.
_TABLES = {
    "meta": "key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL",
    "projects": """
        project_id BIGINT NOT NULL PRIMARY KEY, title TEXT NOT NULL, label_config TEXT NOT NULL,
        model_version TEXT NOT NULL, user_color TEXT NOT NULL, webhook_secret TEXT NOT NULL,
        backend_id BIGINT, cursor {time}, hinted_at {time}""",
    "tasks": """
        project_id BIGINT NOT NULL, task_id BIGINT NOT NULL, data JSON NOT NULL,
        data_hash TEXT NOT NULL, batch TEXT NOT NULL, updated_at {time} NOT NULL,
        deleted_at {time}, PRIMARY KEY (project_id, task_id)""",
    "annotations": """
        project_id BIGINT NOT NULL, annotation_id BIGINT NOT NULL, task_id BIGINT NOT NULL,
        annotator BIGINT NOT NULL, result JSON NOT NULL, was_cancelled BOOLEAN NOT NULL,
        ground_truth BOOLEAN NOT NULL, lead_time FLOAT, created_at {time} NOT NULL,
        updated_at {time} NOT NULL, deleted_at {time}, PRIMARY KEY (project_id, annotation_id)""",
    "revisions": """
        project_id BIGINT NOT NULL, annotation_id BIGINT NOT NULL, revision BIGINT NOT NULL,
        task_id BIGINT NOT NULL, annotator BIGINT NOT NULL, result JSON NOT NULL,
        was_cancelled BOOLEAN NOT NULL, lead_time FLOAT, updated_at {time} NOT NULL,
        PRIMARY KEY (project_id, annotation_id, revision)""",
    "batches": """
        project_id BIGINT NOT NULL, name TEXT NOT NULL, frozen_at {time} NOT NULL,
        sampling_key TEXT NOT NULL, policy JSON NOT NULL, policy_digest TEXT NOT NULL,
        generator TEXT NOT NULL, generator_version TEXT NOT NULL, population BIGINT NOT NULL,
        queue_length BIGINT NOT NULL, complete BOOLEAN NOT NULL, parent TEXT,
        views JSON NOT NULL, PRIMARY KEY (project_id, name)""",
    "candidates": """
        project_id BIGINT NOT NULL, batch TEXT NOT NULL, task_id BIGINT NOT NULL, result JSON,
        score FLOAT, generator_version TEXT NOT NULL, reason TEXT NOT NULL,
        data_hash TEXT NOT NULL, PRIMARY KEY (project_id, batch, task_id)""",
    "places": """
        project_id BIGINT NOT NULL, batch TEXT NOT NULL, task_id BIGINT NOT NULL,
        position BIGINT NOT NULL, role TEXT NOT NULL, PRIMARY KEY (project_id, batch, task_id)""",
    "gold": """
        project_id BIGINT NOT NULL, task_id BIGINT NOT NULL, result JSON NOT NULL,
        PRIMARY KEY (project_id, task_id)""",
    "verdicts": """
        project_id BIGINT NOT NULL, batch TEXT NOT NULL, sequence BIGINT NOT NULL,
        decided_at {time} NOT NULL, verdict JSON NOT NULL,
        PRIMARY KEY (project_id, batch, sequence)""",
    "set_aside": """
        project_id BIGINT NOT NULL, kind TEXT NOT NULL, item_id BIGINT NOT NULL,
        reason TEXT NOT NULL, seen_at {time} NOT NULL, PRIMARY KEY (project_id, kind, item_id)""",
    "leases": "project_id BIGINT NOT NULL PRIMARY KEY, holder TEXT NOT NULL, until {time} NOT NULL",
}

_INDEXES = [
    "CREATE INDEX tasks_by_batch ON tasks (project_id, batch)",
    "CREATE INDEX tasks_by_hash ON tasks (project_id, data_hash)",
    "CREATE INDEX annotations_by_task ON annotations (project_id, task_id)",
    "CREATE INDEX revisions_by_task ON revisions (project_id, task_id)",
    "CREATE INDEX candidates_by_task ON candidates (project_id, task_id)",
    "CREATE INDEX places_by_task ON places (project_id, task_id)",
]

_RESULT = '[{{"from_name": "label", "value": {{"choices": ["ä"]}}}}]'
_ROWS = {
    "projects": "1, 'Titel', '<View/>', 'assay-1', '#fff', 'secret', 4, {now}, NULL",
    "tasks": """1, 10, '{{"text": "täxt"}}', 'h10', 'b', {now}, NULL""",
    "annotations": f"1, 20, 10, 7, '{_RESULT}', FALSE, TRUE, 1.5, {{now}}, {{now}}, NULL",
    "revisions": f"1, 20, 0, 10, 7, '{_RESULT}', FALSE, NULL, {{now}}",
    "batches": "1, 'b', {now}, 'key', '{{}}', 'd', 'g', 'v', 5, 3, TRUE, NULL, '{{}}'",
    "candidates": f"1, 'b', 10, '{_RESULT}', 0.5, 'v', '', 'h10'",
    "places": "1, 'b', 10, 0, 'blind'",
    "gold": f"1, 11, '{_RESULT}'",
    "verdicts": """1, 'b', 0, {now}, '{{"state": "MORE"}}'""",
    "set_aside": "1, 'annotation', 21, 'why', {now}",
    "leases": "1, 'holder', {now}",
}

#: What each later version added.
_ADDED = {
    2: [
        "ALTER TABLE batches ADD COLUMN weights JSON DEFAULT '{{}}' NOT NULL",
        "ALTER TABLE batches ADD COLUMN strata JSON DEFAULT '{{}}' NOT NULL",
        """CREATE TABLE placings (project_id BIGINT NOT NULL PRIMARY KEY,
            task_id BIGINT NOT NULL, begun_at {time} NOT NULL)""",
        "INSERT INTO placings VALUES (1, 10, {now})",
        """UPDATE batches SET weights = '{{"label": 2.0}}'""",
    ],
    3: [
        "ALTER TABLE tasks ADD COLUMN created_at {time}",
        "ALTER TABLE set_aside ADD COLUMN task_id BIGINT",
        """CREATE TABLE passes (project_id BIGINT NOT NULL PRIMARY KEY, started_at {time},
            ended_at {time}, ok_at {time}, swept_at {time}, failures BIGINT DEFAULT '0' NOT NULL,
            error TEXT DEFAULT '' NOT NULL, error_kind TEXT DEFAULT '' NOT NULL, error_at {time},
            lag FLOAT, tasks BIGINT DEFAULT '0' NOT NULL, annotations BIGINT DEFAULT '0' NOT NULL,
            seconds FLOAT, holder TEXT DEFAULT '' NOT NULL)""",
        """CREATE TABLE jobs (job_id TEXT NOT NULL PRIMARY KEY, project_id BIGINT NOT NULL,
            kind TEXT NOT NULL, arguments JSON DEFAULT '{{}}' NOT NULL, state TEXT NOT NULL,
            attempts BIGINT DEFAULT '0' NOT NULL, queued_at {time} NOT NULL, started_at {time},
            ended_at {time}, holder TEXT DEFAULT '' NOT NULL, until {time},
            error TEXT DEFAULT '' NOT NULL, result JSON, cancel BOOLEAN DEFAULT {no} NOT NULL)""",
        "CREATE INDEX jobs_by_state ON jobs (state, queued_at)",
        "CREATE INDEX tasks_gone ON tasks (project_id) WHERE deleted_at IS NOT NULL",
        "CREATE INDEX annotations_gone ON annotations (project_id) WHERE deleted_at IS NOT NULL",
        "INSERT INTO passes (project_id, started_at, failures) VALUES (1, {now}, 2)",
        """INSERT INTO jobs (job_id, project_id, kind, state, queued_at)
            VALUES ('j', 1, 'train', 'queued', {now})""",
    ],
}

#: Released versions of the store whose tables differ from today's.
VERSIONS = (1, 2, 3)


def statements(version: int, dialect: str) -> list[str]:
    """SQL that makes the store as `version` left it, with a row in each table."""
    made = [f"CREATE TABLE {name} ({columns})" for name, columns in _TABLES.items()] + _INDEXES
    made += [f"INSERT INTO {name} VALUES ({row})" for name, row in _ROWS.items()]
    for later in range(2, version + 1):
        made += _ADDED[later]
    made.append(f"INSERT INTO meta VALUES ('schema', '{version}')")
    postgresql = dialect == "postgresql"
    time = "TIMESTAMP WITH TIME ZONE" if postgresql else "DATETIME"
    no = "false" if postgresql else "0"
    now = f"'2026-01-02 03:04:05.678901{'+00' if postgresql else ''}'"
    return [statement.format(time=time, now=now, no=no) for statement in made]
