"""An engine with an endpoint of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import label_configs
from backend.engines import Answer, Surroundings
from backend.engines.llm import LlmEngine
from backend.llm.options import LlmOptions
from label_configs import LabelConfig
from sync.settings import Settings
from tests.backend.llm.endpoint import Handler, Json, TestEndpoint, serving

TEXT = '<View><Text name="t" value="$text"/>{}</View>'
CHOICES = (
    '<Choices name="c" toName="t" required="true"><Choice value="red"/><Choice value="blue"/>'
    "</Choices>"
)
FIVE = "".join(f'<Choice value="l{i}"/>' for i in range(5))
FIVE = f'<Choices name="c" toName="t">{FIVE}</Choices>'
NAMES = '<Labels name="n" toName="t"><Label value="PER"/><Label value="LOC"/></Labels>'


@dataclass(kw_only=True)
class Set:
    """An engine, a label config, and an endpoint."""

    endpoint: TestEndpoint
    folder: Path
    config: LabelConfig
    options: Json
    engine: LlmEngine = field(default_factory=lambda: LlmEngine(pause=0.01))
    key: str = "sk-the-key"

    def around(self, **options: Any) -> Surroundings:
        table = {"url": self.endpoint.url, "model": "m", "score": "none"} | self.options | options
        settings = Settings(config=self.folder / "assay.toml", llm_api_key=self.key)  # type: ignore[arg-type]
        return Surroundings(
            options=LlmOptions(**table), settings=settings, folder=self.folder / "e", project_id=7
        )

    def ask(self, *data: Json, learned: Any = None, **options: Any) -> list[Answer]:
        model = self.engine.model(learned, self.config, self.around(**options))
        return model.predict([{"id": i, "data": one} for i, one in enumerate(data, 1)])

    def texts(self, *texts: str, **options: Any) -> list[Answer]:
        return self.ask(*({"text": text} for text in texts), **options)


Make = Callable[..., Set]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Make]:
    """Makes an engine whose endpoint answers by a handler."""
    with ExitStack() as stack:

        def make(handler: Handler, inside: str = CHOICES, xml: str = "", **options: Any) -> Set:
            return Set(
                endpoint=stack.enter_context(serving(handler)),
                folder=tmp_path,
                config=label_configs.parse(xml or TEXT.format(inside)),
                options=options,
            )

        yield make
