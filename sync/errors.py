"""What can go wrong, by what to do about it."""

from __future__ import annotations

import traceback
from pathlib import Path

#: Places that a trail names: those nearest to the error.
_MOST_PLACES = 20


class AssayError(Exception):
    """Any failure that Assay explains itself; the text is one sentence that names the remedy."""


class Fatal(AssayError):
    """Trying again cannot help: a setting, a permission or a request is wrong."""


class ConfigurationError(Fatal):
    """A setting is missing or wrong; the text names it, its value and what is allowed."""


class Retriable(AssayError):
    """The other side is down, slow or busy; the same call may work later."""


class LeaseLost(Retriable):
    """The right to write for a project went to another process in the middle of the work."""

    def __init__(self, project_id: int) -> None:
        """The text names the project."""
        super().__init__(
            f"another process took project {project_id} over while this one stood still; "
            "it goes on with the work, and assay status names it"
        )


class Held(Retriable):
    """Another process works on the project, and will end some time."""


class Skippable(AssayError):
    """One item is unusable; it is set aside with this reason and the rest goes on."""


class Malformed(Skippable):
    """A result that cannot be read: says where, as far as that is known."""

    def __init__(
        self,
        problem: str,
        *,
        control: str | None = None,
        region: object = None,
        task: int | None = None,
        annotation: int | None = None,
    ) -> None:
        """Each place that is not None stands before the problem."""
        self.problem, self.control, self.region = problem, control, region
        self.task, self.annotation = task, annotation
        places = {"task": task, "annotation": annotation, "control": control, "region": region}
        known = [f"{name} {place!r}" for name, place in places.items() if place is not None]
        super().__init__(f"{', '.join(known)}: {problem}" if known else problem)


def describe(error: BaseException) -> str:
    """An error of ours in its own words, any other by its kind and place.

    The text of a foreign exception may quote a task or an address, which do not belong in logs.
    """
    if isinstance(error, AssayError):
        return str(error)
    places = _places(error)
    return f"{type(error).__name__} at {places[-1]}" if places else type(error).__name__


def trail(error: BaseException) -> str:
    """The way to where an error was raised, file:line by file:line, and nothing of its text."""
    return " > ".join(_places(error)[-_MOST_PLACES:])


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
