"""What language models have cost, for `/metrics`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from backend.llm.storage import FILE

#: Name of each counter, what it counts, and the columns of `spent` with a label for each.
_COUNTED = {
    "requests": ("Requests to language models", {"": "requests"}),
    "remembered": ("Tasks that language models were not asked again", {"": "remembered"}),
    "tokens": ("Tokens", {"input": "input_tokens", "output": "output_tokens"}),
    "cost": ("Cost, in the currency of engine.llm's prices", {"": "cost"}),
}


class Spending(Collector):
    """Counters by project and model, read from where all processes keep them."""

    def __init__(self, folder: Path) -> None:
        """The folder holds one folder a project."""
        self._folder = folder

    def describe(self) -> Iterable[CounterMetricFamily]:
        """Nothing: what there is shows when it is asked for."""
        return []

    def collect(self) -> Iterator[CounterMetricFamily]:
        """The counters as they stand."""
        rows = [
            (file.parent.name, row)
            for file in sorted(self._folder.glob(f"*/{FILE}"))
            for row in _rows(file)
        ]
        for name, (what, columns) in _COUNTED.items():
            kinds = [] if "" in columns else ["kind"]
            family = CounterMetricFamily(
                f"assay_llm_{name}", what, labels=["project", "model", *kinds]
            )
            for project, row in rows:
                for kind, column in columns.items():
                    family.add_metric(
                        [project, row["model"], *([kind] if kind else [])], row[column]
                    )
            yield family


def _rows(file: Path) -> list[sqlite3.Row]:
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            return database.execute("SELECT * FROM spent ORDER BY model").fetchall()
    except sqlite3.Error:  # it is being made, or is no longer there
        return []
