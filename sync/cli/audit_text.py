"""An audit as text for a terminal: the verdict first, then tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sync.cli.show import table

if TYPE_CHECKING:
    from sync.audit import Audit

#: Rows of a table; --json has them all.
ROWS = 8
_WIDEST = 40


def text(audit: Audit) -> str:
    """The whole of it; nothing in it moves the cursor, whatever the labels hold."""
    found = audit.to_dict()
    parts = [
        [found["verdict"]["sentence"]],
        list(_about(audit, found["export"])),
        list(_agreement(found["controls"])),
        list(_people(found["annotators"])),
        list(_candidates(found["candidates"])),
        list(_suspects(found["suspect_gold"])),
        list(_aside(found["set_aside"])),
    ]
    return "\n\n".join("\n".join(safe(line) for line in part) for part in parts if part)


def safe(line: str) -> str:
    """The text with whatever is not printable escaped, but for the line breaks of tables."""
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in line
    )


def short(value: object) -> str:
    """On one line, and not too long."""
    line = " ".join(str(value).split())
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1]}…"


def _about(audit: Audit, counts: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{counts['tasks']:,} tasks · {counts['answers']:,} answers of "
        f"{len({a.annotator for i in audit.export.items for a in i.answers}):,} people, "
        f"{counts['skips']:,} of them skips · {counts['gold']:,} tasks with gold · "
        f"{counts['predictions']:,} with a prediction"
    )
    if audit.set_aside:
        yield f"{len(audit.set_aside):,} of them could not be read and are left out: see the end."
    if audit.inferred:
        yield (
            "The label config is inferred from the labels that occur, so no label can be unknown; "
            "give the real one with --config."
        )
    if counts["shown"]:
        yield f"{counts['shown']:,} answers were made from a prediction; they count as shown."
    if len(counts["model_versions"]) > 1:
        versions = ", ".join(repr(name) for name in counts["model_versions"])
        yield f"Judged is model version {counts['model_version']!r} of {versions}."
    if counts["predictions_without_results"]:
        yield (
            f"{counts['predictions_without_results']:,} tasks name their predictions by id only: "
            "assay audit --help says how to export them."
        )
    if counts["repeats"]:
        yield f"{counts['repeats']:,} answers are a person's second to a task; the first counts."
    if any(answer.annotator == 0 for item in audit.export.items for answer in item.answers):
        yield "Answers of deleted accounts name nobody: person 0 may be several people."
    if counts["unmatched_gold"]:
        yield f"{counts['unmatched_gold']:,} gold answers match no task of the export."


def _agreement(controls: Sequence[dict[str, Any]]) -> Iterator[str]:
    names = ("percent", "krippendorff_alpha", "gwet_ac1", "cohen_kappa", "fleiss_kappa")
    yield "Agreement, raw beside corrected for chance (95% intervals):"
    yield table(
        ["control", "percent", "alpha", "AC1", "Cohen", "Fleiss", "tasks"],
        [
            [
                short(control["name"]),
                *(_interval(control["agreement"].get(name)) for name in names),
                control["agreement"]["percent"]["items"],
            ]
            for control in controls
        ],
    )
    for control in controls:
        reasons = {
            found["reason"]
            for found in control["agreement"].values()
            if found["value"] is None and found["reason"]
        }
        yield from (f"{short(control['name'])}: {reason}" for reason in sorted(reasons))
        yield from _measures(control)


def _measures(control: dict[str, Any]) -> Iterator[str]:
    known = {
        "f1": "F1 of two people's regions (overlap of half or more)",
        "character_f1": "F1 of two people's characters",
        "wer": "word error rate against gold",
        "cer": "character error rate against gold",
    }
    for name, what in known.items():
        found = control.get(name)
        if found and found["value"] is not None:
            yield f"{short(control['name'])}: {what}: {found['value']:.3f} ({found['n']:,})"
    worst = sorted(
        (row for row in control["labels"] if row["krippendorff_alpha"]["value"] is not None),
        key=lambda row: float(row["krippendorff_alpha"]["value"]),
    )
    if len(worst) > 2:
        listed = ", ".join(
            f"{short(row['label'])} {row['krippendorff_alpha']['value']:.2f}" for row in worst[:3]
        )
        yield f"{short(control['name'])}: least agreed labels (alpha): {listed}"


def _people(people: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Those with a flag first, then whoever does worst."""
    order = sorted(people, key=lambda p: (not p["flags"], _worst_first(p)))
    flagged = sum(bool(person["flags"]) for person in people)
    yield f"People: {flagged:,} of {len(people):,} have a flag."
    yield table(
        ["person", "tasks", "skips", "gold (bounds)", "of tasks", "agreement", "seconds", "flags"],
        [
            [
                _name(person),
                person["items"],
                person["skips"],
                _bounded(person["gold_score"], person["gold_lower"], person["gold_upper"]),
                person["gold_tasks"],
                _number(person["agreement"]),
                "–" if person["seconds_per_task"] is None else f"{person['seconds_per_task']:.1f}",
                ", ".join(flag["what"] for flag in person["flags"]),
            ]
            for person in order[:ROWS]
        ],
    )
    yield from _rest(len(people))
    for person in order[:ROWS]:
        yield from (f"  {_name(person)} {flag['sentence']}" for flag in person["flags"])


def _worst_first(person: dict[str, Any]) -> tuple[float, float]:
    score, agreement = person["gold_score"], person["agreement"]
    return 2.0 if score is None else score, 2.0 if agreement is None else agreement


def _name(person: dict[str, Any]) -> str:
    return short(person["email"] or person["annotator"])


def _candidates(found: dict[str, Any]) -> Iterator[str]:
    if not found["population"]:
        return
    yield (
        f"Predictions: {found['items']:,} of {found['population']:,} have an answer without signs "
        f"of them; accepted {_bounded(found['acceptance'], found['lower'], found['upper'])}. "
        "A skip confirms nothing."
    )
    wrong = [row for row in found["labels"] if row["precision"] not in (None, 1.0)]
    wrong.sort(key=lambda row: (row["precision"], -row["proposed"]))
    if wrong:
        yield ""
        yield table(
            ["worst labels", "precision", "recall", "proposed"],
            [
                [short(r["label"]), _number(r["precision"]), _number(r["recall"]), r["proposed"]]
                for r in wrong[:ROWS]
            ],
        )
    if found["confusions"]:
        yield ""
        yield table(
            ["predicted", "people say", "times", "tasks"],
            [
                [
                    short(c["proposed"] or "–"),
                    short(c["given"] or "–"),
                    c["count"],
                    " ".join(str(task) for task in c["tasks"]),
                ]
                for c in found["confusions"][:ROWS]
            ],
        )


def _suspects(suspects: Sequence[dict[str, Any]]) -> Iterator[str]:
    if suspects:
        yield "Suspect gold, which good annotators contradict:"
    for suspect in suspects[:ROWS]:
        yield f"  {suspect['sentence']}"
    yield from _rest(len(suspects))


def _aside(set_aside: Sequence[dict[str, Any]]) -> Iterator[str]:
    if set_aside:
        yield f"{len(set_aside):,} could not be read and are set aside:"
    for aside in set_aside[:ROWS]:
        where = f"task {aside['task']}"
        if aside["annotation"] is not None:
            where += f", annotation {aside['annotation']}"
        yield f"  {where}: {short_reason(aside['reason'])}"
    yield from _rest(len(set_aside))


def short_reason(reason: str) -> str:
    """On one line."""
    line = " ".join(reason.split())
    return line if len(line) <= 160 else f"{line[:159]}…"


def _rest(number: int) -> Iterator[str]:
    if number > ROWS:
        yield f"  … and {number - ROWS:,} more: --json lists all"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _bounded(value: float | None, lower: float | None, upper: float | None) -> str:
    if value is None or lower is None or upper is None:
        return "–"
    return f"{value:.3f} ({lower:.3f}–{upper:.3f})"


def _interval(found: dict[str, Any] | None) -> str:
    if found is None or found["value"] is None:
        return "–"
    if found["lower"] is None:
        return f"{found['value']:.3f}"
    return f"{found['value']:.3f} [{found['lower']:.3f} {found['upper']:.3f}]"
