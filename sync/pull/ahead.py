"""Reading one page ahead: Label Studio makes the next page while the last one is written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue

from sync.records import Json

#: The page of tasks beyond an id.
Pages = Callable[[int], list[Json]]


def pages(read: Pages, first: list[Json], size: int) -> Iterator[list[Json]]:
    """Page after page until one is shorter than `size`, `first` before all others.

    A page is asked for while its forerunner is at work, so two of them are in memory. Whoever
    stops early does not wait for the page that is on its way.

    Raises:
        Exception: what `read` raised, in the place of the page that it was asked for.
    """
    page = first
    while len(page) == size:
        coming = _Coming(read, page[-1]["id"])
        yield page
        page = coming.page()
    yield page


class _Coming:
    """A page that a thread of its own asks for; it holds up no process that ends."""

    def __init__(self, read: Pages, after: int) -> None:
        self._found: SimpleQueue[list[Json] | BaseException] = SimpleQueue()
        threading.Thread(target=self._ask, args=(read, after), daemon=True).start()

    def _ask(self, read: Pages, after: int) -> None:
        try:
            self._found.put(read(after))
        except BaseException as error:
            self._found.put(error)

    def page(self) -> list[Json]:
        found = self._found.get()
        if isinstance(found, BaseException):
            raise found
        return found
