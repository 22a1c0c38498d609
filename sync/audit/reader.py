"""Reading the tasks of an export one by one, however large the file is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import IO

from sync.errors import ConfigurationError
from sync.records import Json

#: Told the bytes that are read so far and the bytes of the file.
Progress = Callable[[int, int], None]

#: Characters that are read at once.
_CHUNK = 1 << 20
_SPACE = " \t\n\r"
_DECODER = json.JSONDecoder()
_WANTED = (
    "Wanted is Label Studio's JSON export: project › Export › JSON (not JSON-MIN, CSV or COCO)"
)


def read_tasks(path: Path, progress: Progress | None = None) -> Iterator[Json]:
    """The tasks of an export as Label Studio writes them.

    Also read is the answer of Label Studio's tasks API, which holds them under "tasks". The
    memory needed is that of the largest task.

    Args:
        path: the file.
        progress: called after each part of the file.

    Raises:
        ConfigurationError: the file is not there, or is no such export; the text says what it
            seems to be and which export to choose.
    """
    try:
        with path.open("rb") as raw, TextIOWrapper(raw, encoding="utf-8-sig") as text:
            size = path.stat().st_size
            tell = partial(_tell, progress, raw, size) if progress else None
            for place, task in enumerate(_elements(_Buffer(text, tell), path), start=1):
                yield _checked(task, place, path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        kind = "a ZIP archive: unpack it first" if _is_zip(path) else "no UTF-8 text"
        raise ConfigurationError(f"{path} is {kind}. {_WANTED}") from None


def _tell(progress: Progress, raw: IO[bytes], size: int) -> None:
    progress(min(raw.tell(), size), size)


class _Buffer:
    """The part of the file that is being looked at."""

    def __init__(self, file: IO[str], tell: Callable[[], None] | None) -> None:
        self._file, self._tell = file, tell
        self.text, self.at, self.ended = "", 0, False

    def more(self) -> bool:
        """Read on; what is read doubles while one element does not fit."""
        if self.ended:
            return False
        left = self.text[self.at :]
        chunk = self._file.read(max(_CHUNK, len(left)))
        self.text, self.at, self.ended = left + chunk, 0, not chunk
        if self._tell:
            self._tell()
        return not self.ended

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in _SPACE:
                self.at += 1
            if self.at < len(self.text) or not self.more():
                return self.text[self.at : self.at + 1]

    def element(self) -> object:
        """The JSON value that begins here.

        Raises:
            json.JSONDecodeError: there is none.
        """
        while True:
            try:
                value, self.at = _DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError:
                if not self.more():
                    raise
            else:
                return value


def _elements(buffer: _Buffer, path: Path) -> Iterator[object]:
    """The elements of the JSON array that the buffer holds."""
    whole = _open(buffer, path)
    mark, count = buffer.peek(), 0
    if mark == "]":
        buffer.at += 1
    while mark != "]":
        try:
            yield buffer.element()
        except json.JSONDecodeError as error:
            why = "the file ends within it" if not _left(buffer) else error.msg
            raise _broken(path, count, why) from None
        except RecursionError:
            raise _broken(path, count, "it is nested too deeply") from None
        except ValueError:
            raise _broken(path, count, "it holds a number of thousands of digits") from None
        count, mark = count + 1, buffer.peek()
        if mark not in ("]", ","):
            raise _broken(path, count, "the file ends" if not mark else "no comma before it")
        buffer.at += 1
        buffer.peek()
    if whole and buffer.peek():
        raise _broken(path, count, "something follows the list of tasks")


def _left(buffer: _Buffer) -> bool:
    """Whether the decoder stopped before the end of the file, rather than at it."""
    try:
        _DECODER.raw_decode(buffer.text, buffer.at)
    except json.JSONDecodeError as error:
        unended = error.msg.startswith("Unterminated string")
        return not unended and bool(buffer.text[error.pos :].strip(_SPACE))
    return True


def _broken(path: Path, tasks: int, why: str) -> ConfigurationError:
    return ConfigurationError(f"{path} is damaged at task {tasks + 1}: {why}; export it again")


def _open(buffer: _Buffer, path: Path) -> bool:
    """Move behind the bracket that opens the list of tasks; whether it is the whole file."""
    start = buffer.peek()
    if start == "[":
        buffer.at += 1
        return True
    if start != "{":
        raise ConfigurationError(f"{path} is {'no JSON' if start else 'empty'}. {_WANTED}")
    found = re.search(r'"tasks"\s*:\s*\[', buffer.text)
    if not found:
        raise ConfigurationError(f"{path} {_kind_of_object(buffer.text)}. {_WANTED}")
    buffer.at = found.end()
    return False


def _checked(task: object, place: int, path: Path) -> Json:
    """The task, if it is one.

    Raises:
        ConfigurationError: it is none; the text says what it seems to be.
    """
    if not isinstance(task, dict):
        raise ConfigurationError(
            f"{path}: element {place} is {type(task).__name__}, not a task. {_WANTED}"
        )
    if isinstance(task.get("data"), dict) and ("annotations" in task or "predictions" in task):
        return task
    raise ConfigurationError(f"{path}: element {place} {_kind_of_element(task)}. {_WANTED}")


def _kind_of_element(task: Json) -> str:
    if "annotation_id" in task or "annotator" in task:
        return "is one of a JSON-MIN export, which leaves out regions, skips and predictions"
    if "completions" in task:
        return "is of a Label Studio before 1.0, which called annotations completions"
    if "result" in task and "completed_by" in task:
        return "is a single annotation, as storages receive it"
    if "data" in task:
        return "holds neither annotations nor predictions, so it is a task to import"
    return 'has no "data", so it is no task'


def _kind_of_object(text: str) -> str:
    if '"images"' in text and '"annotations"' in text:
        return "is a COCO export"
    if '"result"' in text and '"completed_by"' in text:
        return "is a single annotation, as storages receive it"
    return "holds one object, not a list of tasks"


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"
