"""An RQ worker that is woken by Redis and does the jobs of the store."""

from __future__ import annotations

import logging
import math
import signal
import threading
import time
from contextlib import suppress
from typing import Any

from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus

from sync.errors import AssayError
from sync.jobs.bell import PATIENCE, Bell
from sync.jobs.runner import Runner
from sync.jobs.trouble import Trouble

#: Seconds for which Redis remembers a worker that says nothing.
_REMEMBERED = 120
#: Seconds between two signs of life to Redis.
_BEAT = 30.0
#: Seconds of one wait for an entry: a part of what is allowed for an answer.
_WAIT = 3


class _Worker(SimpleWorker):
    """Takes an id from Redis, and everything else from the store.

    RQ would run whatever function an entry names, and obey commands sent through Redis: whoever
    can write to Redis could run any code. This one does neither.
    """

    def __init__(self, runner: Runner, queue: Queue) -> None:
        super().__init__(
            [queue],
            connection=queue.connection,
            serializer=JSONSerializer,
            worker_ttl=_REMEMBERED,
        )
        self._runner, self._idle, self._beaten = runner, False, 0.0
        self._sign: threading.Thread | None = None

    @property
    def dequeue_timeout(self) -> int:
        """Seconds that Redis lets us wait for an entry, before it is asked again."""
        return _WAIT

    @property
    def connection_timeout(self) -> int:
        """Seconds for an answer, which a Redis that stands still never gives."""
        return int(PATIENCE)

    def subscribe(self) -> None:
        """Listen to no commands."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Do the store's job of that id, if it may begin still."""
        queue.connection.lrem(queue.intermediate_queue_key, 1, job.id)
        self.set_state(WorkerStatus.BUSY)
        self.set_current_job_id(job.id)
        job.delete()
        try:
            self._runner.run_one(job.id)
        except AssayError as error:
            self._runner.away.lasts("no job is taken: %s", error)
        self.set_current_job_id(None)
        self.set_state(WorkerStatus.IDLE)

    def beat(self) -> None:
        """Tell Redis now and then that we live; the job goes on without it."""
        due = time.monotonic() - self._beaten > _BEAT
        if due and not (self._sign and self._sign.is_alive()):
            self._beaten = time.monotonic()
            # Redis may take minutes to answer, and the job has to be renewed meanwhile.
            self._sign = threading.Thread(target=self._tell, daemon=True, name="heartbeat")
            self._sign.start()

    def _tell(self) -> None:
        with suppress(RedisError, OSError, StopRequested):
            self.heartbeat()

    def heartbeat(self, *arguments: Any, **values: Any) -> None:
        """Where Redis is out of reach, end: RQ would wait for it, and the store be forgotten."""
        try:
            super().heartbeat(*arguments, **values)
        except Unreachable:
            raise StopRequested from None

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Wait for an entry; a signal that comes meanwhile ends it."""
        self._idle = True
        try:
            if self._runner.stop.is_set():
                raise StopRequested
            return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
        finally:
            self._idle = False

    def _install_signal_handlers(self) -> None:
        if threading.current_thread() is threading.main_thread():
            super()._install_signal_handlers()  # type: ignore[no-untyped-call]

    def request_stop(self, signum: Any, frame: Any) -> None:
        """Give the job at hand back, or stop waiting for one."""
        self._runner.stop.set()
        if self._idle:
            raise StopRequested


def _is_news(record: logging.LogRecord) -> bool:
    """RQ tells of each try to reach Redis; we tell of it seldom."""
    values = record.args if isinstance(record.args, tuple) else ()
    error = record.exc_info[1] if record.exc_info else None
    return not any(isinstance(value, Unreachable) for value in (*values, error))


logging.getLogger("rq.worker").addFilter(_is_news)


def listen(runner: Runner, bell: Bell, seconds: float, silent: Trouble) -> bool:
    """Do one job that Redis tells of within that time; False if Redis cannot be asked.

    Args:
        runner: does the job.
        bell: where Redis is.
        seconds: how long to wait for one.
        silent: told whether Redis answers.
    """
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with bell.connection() as connection:
            worker = _Worker(runner, bell.queue(connection))
            runner.beat = worker.beat
            worker.work(logging_level="WARNING", max_jobs=1, max_idle_time=math.ceil(seconds))
            connection.ping()
            silent.over()
            return True
    except (RedisError, OSError) as error:
        silent.lasts("Redis is out of reach (%s): looking at the store", type(error).__name__)
        return False
    except StopRequested:
        return True
    finally:
        runner.beat = lambda: None
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers.items():
                signal.signal(number, handler)
