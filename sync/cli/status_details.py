"""What `assay status` tells of a single project: verdicts part by part, people, anchoring."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from sync.cli.show import table, wrapped
from sync.gating.verdict import Part, Verdict
from sync.gating.wording import short
from sync.records import Project
from sync.store import Store

#: Labels, slices and confusions shown of a batch.
_SHOWN = 5
#: Characters of a name in a table.
_NAME = 12


def details(store: Store, project: Project) -> Iterator[str]:
    """Lines of at most 80 characters, as far as names allow."""
    from sync.worker import anchoring

    batches = store.batches(project.project_id)
    rows = [store.verdict(project.project_id, batch.name) for batch in batches]
    verdicts = [Verdict.from_dict(row["verdict"]) for row in rows if row is not None]
    for verdict in verdicts:
        if verdict.regression is not None:
            yield from wrapped(f"{verdict.batch}: {verdict.regression.sentence}", "", "  ")
    yield from _criteria(verdicts)
    yield from _parts(verdicts)
    yield from _people(verdicts)
    for effect in anchoring(store, project):
        yield from wrapped(f"{effect.generator}: {effect.sentence}", "", "  ")


def _criteria(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """What each batch must show, and what it shows."""
    rows = [
        (
            short(v.batch, _NAME),
            short(c.name, 14),
            c.state,
            f"{c.threshold:.3f}",
            *_figures(c.estimate, c.lower, c.upper),
            c.n,
        )
        for v in verdicts
        for c in v.criteria
    ]
    if rows:
        yield table(["batch", "criterion", "state", "asked", "found", "bounds", "n"], rows)


def _parts(verdicts: Collection[Verdict]) -> Iterator[str]:
    """Labels and slices that the policy asks for, and what is confused, worst first."""
    rows = [
        (
            short(v.batch, _NAME),
            short(c.name, 14),
            short(repr(part.name), 14),
            _state(part),
            part.n,
            *_figures(part.estimate, part.lower, part.upper),
        )
        for v in verdicts
        for c in v.criteria
        for part in c.parts[:_SHOWN]
    ]
    if rows:
        yield table(["batch", "criterion", "part", "state", "tasks", "found", "bounds"], rows)
    for v in verdicts:
        for c in v.confusions[:_SHOWN]:
            given = "nothing" if c.given is None else repr(c.given)
            proposed = "nothing" if c.proposed is None else repr(c.proposed)
            tasks = ", ".join(str(task) for task in c.tasks)
            text = f"{v.batch}: {proposed} became {given} {c.count}× (tasks {tasks})"
            yield from wrapped(text, "", "  ")


def _state(part: Part) -> str:
    return part.state.value if part.judged else "too rare"


def _figures(estimate: float | None, lower: float | None, upper: float | None) -> tuple[str, str]:
    found = "–" if estimate is None else f"{estimate:.3f}"
    bounds = "–" if lower is None or upper is None else f"{lower:.3f}–{upper:.3f}"
    return found, bounds


def _people(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """People against gold; the same whatever batch they are seen through, so the longest list."""
    people = max((v.annotators for v in verdicts), key=len, default=())
    if people:
        yield table(
            ["annotator", "gold answers", "right", "bounds"],
            [(a.annotator, a.n, a.passed, f"{a.lower:.2f}–{a.upper:.2f}") for a in people],
        )
