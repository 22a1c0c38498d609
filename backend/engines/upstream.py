"""Any ML backend of Label Studio, with Assay in front of it.

Big requests are split, retried, answered from a cache, and cut off at a deadline after which the
backend goes on in the background; what it answers is checked against the label config.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import label_configs
from backend.engines.base import Abstention, Answer, Fixed, Late, Proposal, Surroundings
from backend.engines.behind import Asked, Behind
from label_configs import LabelConfig
from sync.errors import ConfigurationError, Fatal
from sync.generator import Failure, fault, score
from sync.generator import Proposal as Raw
from sync.records import Json, Result

#: Seconds that answers are kept where the backend names no version that could change.
UNNAMED_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True)
class Options:
    """The table `engine.upstream`; user and password are ASSAY_UPSTREAM_USER and _PASSWORD."""

    #: Where the ML backend is.
    url: str = ""
    #: Seconds that one request to it may take.
    timeout_seconds: float = 60.0
    #: Seconds after which a request to Assay is answered with what is there; Label Studio itself
    #: gives up after 100.
    deadline_seconds: float = 90.0
    #: Requests to it at once.
    at_once: int = 2
    #: Most tasks in one request.
    most_chunk: int = 256

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.url and (not self.url.startswith(("http://", "https://")) or "@" in self.url):
            raise ValueError(
                "engine.upstream.url must start with http:// or https:// and hold no password: "
                "that is ASSAY_UPSTREAM_PASSWORD"
            )
        for name, low, high in (
            ("timeout_seconds", 0.1, 3600),
            ("deadline_seconds", 0.1, 95),
            ("at_once", 1, 32),
            ("most_chunk", 1, 5000),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(
                    f"engine.upstream.{name} is {value!r}: allowed are {low:g} to {high:g}"
                )


@dataclass(frozen=True)
class UpstreamModel:
    """The ML backend for one project and label config."""

    behind: Behind
    asked: Asked
    config: LabelConfig
    deadline: float
    clock: Callable[[], float] = time.time

    def predict(self, tasks: Sequence[Json], context: Json | None = None) -> list[Answer]:
        """One answer a task; interactive requests are passed on as they are."""
        if context is not None:
            return self._pass_on(tasks, context)
        version = self.behind.version(self.asked)
        keys = [_key(self.asked, version, task) for task in tasks]
        cache = self.behind.cache(self.asked)
        since = 0.0 if version else self.clock() - UNNAMED_SECONDS
        found = cache.get(list(set(keys)), since)
        missing = {key: task for key, task in zip(keys, tasks, strict=True) if key not in found}
        items = self.behind.submit(self.asked, missing)
        self.behind.line.wait(items, self.deadline)
        late = Raw(answer=None, reason=f"not answered within {self.deadline:g} s", late=True)
        found |= {key: item.proposal or late for key, item in zip(missing, items, strict=True)}
        return [
            self._answer(task, found[key], version) for key, task in zip(keys, tasks, strict=True)
        ]

    def _pass_on(self, tasks: Sequence[Json], context: Json) -> list[Answer]:
        # Some backends answer nothing before they were set up.
        version = self.behind.version(self.asked)
        try:
            found = self.behind.generator.predict(self.asked, tasks, context, tries=1)
        except Failure as failure:
            return [Abstention(f"the generator failed: {failure.reason}")] * len(tasks)
        return [self._answer(t, raw, version) for t, raw in zip(tasks, found, strict=True)]

    def _answer(self, task: Json, raw: Raw, version: str) -> Answer:
        """What came back, where the label config and Label Studio allow it."""
        if raw.answer is None:
            kind = Late if raw.late else Abstention
            return kind(raw.reason[:200].rstrip("."))
        result, told = raw.answer["result"], raw.answer.get("score")
        # Where label-studio-ml's own models give no score they say 0.
        whole = 0.0 if told is None else score(told)
        if whole is None:
            return Abstention("the generator's score is no number from 0 to 1")
        wrong = fault(result, self.config, task["data"])
        if wrong:
            return Abstention(wrong[:200].rstrip("."))
        return Proposal(
            result=_scored(result, whole),
            score=whole,
            version=str(raw.answer.get("model_version") or version),
        )


def _scored(result: Result, whole: float) -> Result:
    """Regions with scores of their own; those of the whole where they have none."""
    return [
        region | {"score": whole if (own := score(region.get("score"))) is None else own}
        for region in result
    ]


def _key(asked: Asked, version: str, task: Json) -> bytes:
    content = [asked.url, asked.label_config, version, task["data"]]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()


class UpstreamEngine(Fixed):
    """The ML backends that teams have already."""

    options = Options

    def __init__(self) -> None:
        """No backend is asked before a project needs it."""
        self._behind: dict[Any, Behind] = {}
        self._lock = threading.Lock()

    def serves(self, config: LabelConfig, options: Any) -> tuple[str, ...]:
        """All controls, where what they hold can be checked: only the backend knows which."""
        try:
            label_configs.read(config, [])
        except Fatal:
            return ()
        return tuple(control.name for control in config.controls)

    def version(self, around: Surroundings, config: LabelConfig) -> str:
        """A digest of the address and of the version that the backend names."""
        asked = _asked(around, config)
        told = self._of(around).version(asked)
        return hashlib.sha256(f"{asked.url}\0{told}".encode()).hexdigest()[:12]

    def model(self, learned: Any, config: LabelConfig, around: Surroundings) -> UpstreamModel:
        """The model that asks the backend.

        Raises:
            Fatal: no address is set.
        """
        deadline = around.options.deadline_seconds
        return UpstreamModel(self._of(around), _asked(around, config), config, deadline)

    def _of(self, around: Surroundings) -> Behind:
        """One client an address, whichever projects use it, so that its bounds hold for all."""
        options: Options = around.options
        if not options.url:
            raise ConfigurationError(
                "engine.upstream.url is not set: it is the address of your ML backend"
            )
        user, password = "", ""
        if around.settings is not None:
            user = around.settings.upstream_user
            password = around.settings.upstream_password.get_secret_value()
        key = (options, user, password)
        with self._lock:
            if key not in self._behind:
                self._behind[key] = Behind(options, user, password)
            return self._behind[key]


def _asked(around: Surroundings, config: LabelConfig) -> Asked:
    return Asked(
        stamp=f"{around.project_id}.0",
        label_config=config.xml,
        url=around.options.url,
        folder=around.folder,
        hostname=around.settings.label_studio_url if around.settings else "",
    )
