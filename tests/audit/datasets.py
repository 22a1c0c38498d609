"""`make datasets-audit`: audits of public sets of human labels, as one table."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from converter import convert, people_in

from sync.audit import Audit, audit
from sync.cli.show import table
from sync.gating.policy import GatePolicy

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "datasets"
#: Sets whose known answers were made from the same people's labels: they judge nobody.
DERIVED = ("bccd_boxes", "toxic_spans", "ukpconvarg1")
HEADER = ["set", "items", "people", "percent", "alpha", "F1", "char F1", "WER", "flagged"]


def main(names: list[str]) -> int:
    """Audit the sets of these names, or all that hold answers of several people."""
    if not FOLDER.is_dir():
        print(f"there are no datasets at {FOLDER}, so there is nothing to audit")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for name in names or [path.name for path in sorted(FOLDER.iterdir()) if path.is_dir()]:
            print(f"{name} …", file=sys.stderr, flush=True)
            rows += list(row(name, Path(folder)))
    print(table([*HEADER, "seconds"], rows))
    return 0


def row(name: str, folder: Path) -> Iterator[list[str]]:
    """The set's row; none for one without answers to compare."""
    if not people_in(FOLDER / name):
        return
    converted = convert(FOLDER / name, gold=name not in DERIVED)
    export, _ = converted.write(folder / name)
    began = time.perf_counter()
    done = audit(export, GatePolicy(), xml=converted.xml)
    seconds = time.perf_counter() - began
    yield [*_cells(name, done, converted.people), f"{seconds:.1f}"]


def _cells(name: str, done: Audit, people: dict[int, str]) -> list[str]:
    found = done.to_dict()
    control = found["controls"][0]
    flagged = [people[row["annotator"]] for row in found["annotators"] if row["flags"]]
    return [
        name,
        f"{len(done.export.items):,}",
        f"{len(people):,}",
        _figure(control["agreement"]["percent"]),
        _figure(control["agreement"]["krippendorff_alpha"]),
        *(_figure(control.get(measure)) for measure in ("f1", "character_f1", "wer")),
        f"{len(flagged)}: {', '.join(flagged[:4])}{' …' if len(flagged) > 4 else ''}",
    ]


def _figure(found: dict[str, Any] | None) -> str:
    return "–" if found is None or found["value"] is None else f"{found['value']:.3f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
