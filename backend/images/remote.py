"""Images on web servers that the team names, and on no others."""

from __future__ import annotations

import ipaddress
import re
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter

from backend.pixels import LARGEST, Unreachable, Unreadable
from sync.errors import ConfigurationError

#: Seconds to connect, between two pieces of an answer, and for the whole of it.
_TIMEOUT, _WHOLE = (3, 5), 15.0
#: Ports where a host names none.
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?", re.ASCII)
#: Routed like public ones, but for machines next to this one: protocol assignments, relays to IPv6,
#: and the address under which Azure's machines find their host.
_NEAR = [
    ipaddress.ip_network(near) for near in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")
]
#: The only part of IPv6 that is given to the public.
_GIVEN = ipaddress.ip_network("2000::/3")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: Host and port to the addresses that the name has.
Resolve = Callable[[str, int], Sequence[str]]


def public(address: Address) -> bool:
    """Whether an address is one of the public internet.

    Not those of private networks, of this machine, of links, of groups, of metadata services, nor
    those of IPv6 that carry an address of IPv4, which could be any.
    """
    if isinstance(address, ipaddress.IPv6Address):
        carries = address.sixtofour or address.teredo or address.ipv4_mapped
        return address.is_global and address in _GIVEN and not carries
    near = any(address in network for network in _NEAR)
    return address.is_global and not address.is_multicast and not near


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Remote:
    """Reads images from hosts that are allowed; it follows no redirect.

    The name is resolved once, and the address that was checked is the one that is connected to:
    a name that answers differently the second time gains nothing.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        *,
        resolve: Resolve = resolve,
        allowed: Callable[[Address], bool] = public,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is sent before the first image.

        Args:
            hosts: names, each with a port where it is not that of the scheme: "cdn.example.com".
            resolve: finds the addresses of a name.
            allowed: which addresses may be connected to.
            clock: seconds.

        Raises:
            ConfigurationError: a host is no name.
        """
        for host in hosts:
            if not _HOST.fullmatch(host.lower()):
                raise ConfigurationError(
                    f"engine.sklearn_image.hosts has {host!r}: allowed are names of hosts, such as "
                    '"cdn.example.com"'
                )
        self._hosts = frozenset(host.lower() for host in hosts)
        self._resolve, self._allowed, self._clock = resolve, allowed, clock

    def fetch(self, address: str) -> bytes:
        """The file behind an address that begins with http:// or https://.

        Raises:
            Unreachable: the host does not answer.
            Unreadable: the host is not allowed, or what it answers is no image, or too large.
        """
        parts = self._parts(address)
        end = self._clock() + _WHOLE
        port = parts.port or _PORTS[parts.scheme]
        address = self._address(str(parts.hostname), port)
        try:
            with requests.Session() as session:
                # No proxies, no passwords of the machine's own.
                session.trust_env = False
                session.mount("https://", _Pinned(str(parts.hostname)))
                with _get(session, parts, address, port) as answer:
                    return self._content(answer, end)
        except requests.RequestException as error:
            raise Unreachable(f"the image's host did not answer: {type(error).__name__}") from None

    def _parts(self, address: str) -> SplitResult:
        try:
            parts = urlsplit(address)
            named, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            raise Unreadable("the image's address is none") from None
        usual = port is None or port == _PORTS.get(parts.scheme)
        known = named in self._hosts if usual else f"{named}:{port}" in self._hosts
        if parts.scheme not in _PORTS or parts.username is not None or not known:
            raise Unreadable("the image's host is not in engine.sklearn_image.hosts")
        return parts

    def _address(self, host: str, port: int) -> str:
        try:
            found = [ipaddress.ip_address(one) for one in self._resolve(host, port)]
        except (OSError, ValueError):
            raise Unreachable("the image's host has no address") from None
        # All of them, so that a name with one good address opens no other.
        if not found or not all(map(self._allowed, found)):
            raise Unreadable("the image's host is not on the public internet")
        first = found[0]
        return f"[{first}]" if first.version == 6 else str(first)

    def _content(self, answer: requests.Response, end: float) -> bytes:
        kind = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if answer.status_code != 200:
            raise Unreadable(f"the image's host answered {answer.status_code}")
        if not kind.startswith("image/") and kind not in ("", "application/octet-stream"):
            raise Unreadable("the image's host answered with something that is no image")
        content = bytearray()
        while piece := _piece(answer):
            content += piece
            if len(content) > LARGEST:
                raise Unreadable("the image is too large")
            if self._clock() > end:
                raise Unreadable("the image's host takes too long")
        return bytes(content)


class _Pinned(HTTPAdapter):
    """Connects to an address, and checks the certificate for a name."""

    def __init__(self, host: str) -> None:
        self._host = host
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        options |= {"server_hostname": self._host, "assert_hostname": self._host}
        super().init_poolmanager(*args, **options)


def _get(
    session: requests.Session, parts: SplitResult, address: str, port: int
) -> requests.Response:
    there = parts._replace(netloc=f"{address}:{port}", fragment="")
    return session.get(
        there.geturl(),
        headers={"Host": parts.netloc, "Accept": "image/*", "Accept-Encoding": "identity"},
        timeout=_TIMEOUT,
        stream=True,
        allow_redirects=False,
    )


def _piece(answer: requests.Response) -> bytes:
    """What has come in the meantime; a host that trickles does not hold it up."""
    # The exceptions of urllib3 are turned to those of requests only where requests reads itself.
    from urllib3.exceptions import HTTPError

    try:
        return bytes(answer.raw.read1(65536, decode_content=False))
    except (HTTPError, OSError) as error:
        raise requests.ConnectionError(type(error).__name__) from None
