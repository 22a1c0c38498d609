"""The features of the images that tasks name."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from backend.images.features import Array, features
from backend.pixels import Fetch, Unreachable, Unreadable, opened

#: Images that are read at once: as many of the largest ones have to fit into memory.
_AT_ONCE = 4


class Reader:
    """Reads the images of one request; a server that is silent once is not asked again."""

    def __init__(self, fetch: Fetch, remote: Fetch) -> None:
        """What reads uploads of Label Studio, and what reads other hosts."""
        self._fetch, self._remote = fetch, remote
        self._lost: dict[str, Unreachable] = {}

    def read(self, addresses: Sequence[object]) -> list[Array | None]:
        """The features of each image, None where it cannot be read."""
        hosts = [_host(address) for address in addresses]
        # The first of each host goes ahead, to find out whether anybody is there.
        ahead = {host: i for i, host in reversed(list(enumerate(hosts))) if host is not None}
        found: dict[int, Array | None] = {i: self._one(addresses[i]) for i in ahead.values()}
        rest = [i for i in range(len(addresses)) if i not in found]
        if len(rest) < 2:
            found |= {i: self._one(addresses[i]) for i in rest}
        else:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                each = pool.map(self._one, [addresses[i] for i in rest])
                found |= dict(zip(rest, each, strict=True))
        return [found[i] for i in range(len(addresses))]

    def _one(self, address: object) -> Array | None:
        host = _host(address) or ""

        def patient(fetch: Fetch) -> Fetch:
            def asked(place: str) -> bytes:
                if host in self._lost:
                    raise self._lost[host]
                try:
                    return fetch(place)
                except Unreachable as error:
                    self._lost[host] = error
                    raise

            return asked

        try:
            with opened(address, patient(self._fetch), patient(self._remote)) as image:
                return features(image)
        except Unreadable:
            return None


def _host(address: object) -> str | None:
    """Where an image has to be fetched from: a host, "" for Label Studio; None for nowhere."""
    if not isinstance(address, str) or address.startswith("data:"):
        return None
    try:
        return urlsplit(address[:4096]).netloc
    except ValueError:
        return ""
