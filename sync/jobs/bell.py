"""Queueing jobs, and waking a worker by Redis where there is one.

The store is the account of jobs. What Redis holds are their ids, and only to wake a worker sooner.
"""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

from sync.clock import Clock
from sync.errors import ConfigurationError
from sync.records import Json
from sync.settings import Settings
from sync.store import Store
from sync.store.jobs import Job

if TYPE_CHECKING:
    from redis import Redis
    from rq import Queue

_log = logging.getLogger(__name__)

#: The name of RQ's queue.
QUEUE = "assay"
#: Seconds for a connection and for an answer.
PATIENCE = 5.0
#: Seconds after which Redis forgets an id that no worker took.
_FORGET = 86_400


class Bell:
    """RQ's queue of job ids; without an address it is silent."""

    def __init__(self, url: str) -> None:
        """Nothing is connected before it is needed."""
        self.url = url

    @classmethod
    def of(cls, settings: Settings) -> Bell:
        """That of the settings."""
        return cls(settings.redis_url.get_secret_value())

    def connection(self) -> Redis:
        """A connection, made at the first request.

        Raises:
            ConfigurationError: the address cannot be read.
        """
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        try:
            # Repeated by nobody: the store tells of each job, and of a Redis that stands still
            # no more is to be learned.
            return Redis.from_url(
                self.url,
                socket_connect_timeout=PATIENCE,
                socket_timeout=PATIENCE,
                retry=Retry(NoBackoff(), 0),
            )
        except ValueError:
            raise ConfigurationError(
                "ASSAY_REDIS_URL cannot be read: allowed are redis://:PASSWORD@HOST:PORT/NUMBER, "
                "rediss://… and unix://:PASSWORD@FILE"
            ) from None

    def queue(self, connection: Redis) -> Queue:
        """The queue, whose entries are JSON."""
        from rq import Queue
        from rq.serializers import JSONSerializer

        return Queue(QUEUE, connection=connection, serializer=JSONSerializer)

    def ring(self, job_id: str) -> bool:
        """Wake a worker for a job; without Redis, workers find it by themselves."""
        if not self.url:
            return False
        from redis.exceptions import RedisError

        try:
            with self.connection() as connection:
                self.queue(connection).enqueue_call(
                    # Workers read the id and nothing else.
                    "assay.job",
                    job_id=job_id,
                    timeout=-1,
                    ttl=_FORGET,
                    description=job_id,
                )
        except (RedisError, OSError) as error:
            _log.warning(
                "Redis did not take job %s (%s): a worker finds it within a minute",
                job_id,
                type(error).__name__,
            )
            return False
        return True


def enqueue(
    settings: Settings,
    store: Store,
    kind: str,
    project_id: int,
    arguments: Json | None = None,
    now: Clock | None = None,
) -> Job:
    """Queue a job and wake a worker; one just like it that waits already is given back.

    Args:
        settings: where Redis is, if anywhere.
        store: the account of jobs.
        kind: one of `sync.jobs.COMMANDS`.
        project_id: what it is about; 0 for nothing.
        arguments: what it is told, by name.
        now: the clock; default the store's own, by which workers go.

    Raises:
        Retriable: the store is out of reach.
    """
    about = f"-{project_id}" if project_id else ""
    job = store.add_job(
        Job(
            job_id=f"{kind}{about}-{secrets.token_hex(4)}",
            project_id=project_id,
            kind=kind,
            arguments=arguments or {},
            queued_at=(now or store.clock)(),
        )
    )
    Bell.of(settings).ring(job.job_id)
    return job
