"""Run all benchmarks and write docs/benchmarks.md, or run and print those that are named."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path

from sync.demo.label_studio import VERSION
from sync.worker.once import utc_now

#: Each a module here with `rows()`: lines of the table.
PARTS = (
    "label_studio",
    "scale",
    "store",
    "prefill",
    "serving",
    "language_models",
    "frugality",
    "gate",
    "agreement",
    "agreement_spans",
    "agreement_boxes",
    "dawid_skene",
    "queue_order",
    "near_duplicates",
    "quality_spans",
    "quality_text",
)


def main(chosen: list[str]) -> None:
    """Measure, print, and keep the table where it is whole."""
    unknown = [name for name in chosen if name not in PARTS]
    if unknown:
        sys.exit(f"there is no benchmark {unknown[0]}: there are {', '.join(PARTS)}")
    lines = []
    for name in chosen or PARTS:
        for line in importlib.import_module(f"benchmarks.{name}").rows():
            print(line, flush=True)
            lines.append(line)
    if not chosen:
        write(lines)


def write(lines: list[str]) -> None:
    """Keep what was measured."""
    head = (
        "# Benchmarks\n\n"
        "`make benchmark` measures this anew. Trust the ratios, not the seconds: both sides of a "
        "row ran on the same machine, minutes apart, but for times that a row calls measured "
        "before.\n\n"
        f"Label Studio {VERSION} (SQLite, its own development server), Python "
        f"{platform.python_version()}, {os.cpu_count()} cores, {utc_now():%Y-%m-%d}; one run.\n\n"
        "| what | Assay | peer | ratio |\n|---|---|---|---|\n"
    )
    Path("docs/benchmarks.md").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
