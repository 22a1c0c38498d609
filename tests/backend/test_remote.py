"""Images on web servers: which are read, from where, and within which bounds."""

from __future__ import annotations

import ipaddress
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from backend.images.remote import Remote, public
from backend.pixels import LARGEST, Unreachable, Unreadable
from sync.errors import ConfigurationError

PICTURE = b"\x89PNG and so on"


class Site(BaseHTTPRequestHandler):
    """A web server: each path misbehaves in its own way."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(f"{self.headers['Host']}{self.path}")
        name = self.path.split("?")[0]
        self.send_response(302 if name == "/moved" else 404 if name == "/none" else 200)
        if name == "/moved":
            self.send_header("Location", "http://169.254.169.254/latest/meta-data")
        self.send_header("Content-Type", "text/html" if name == "/page" else "image/png; x=1")
        self.end_headers()
        try:
            for piece in self.pieces(name):
                self.wfile.write(piece)
        except OSError:  # whoever asked has seen enough
            pass

    def pieces(self, name: str) -> Iterator[bytes]:
        if name == "/large":
            for _ in range(LARGEST // 1_000_000 + 5):
                yield bytes(1_000_000)
        elif name == "/slow":
            for _ in range(2_000):
                time.sleep(0.01)
                yield b"x"
        else:
            yield PICTURE

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[int]:
    """The server's port on loopback."""
    Site.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_port
        server.shutdown()


Reads = Callable[..., bytes]


@pytest.fixture
def reads(site: int) -> Reads:
    """Reads a path of the server under the name cdn.example, as if loopback were public."""

    def read(path: str, **options: Any) -> bytes:
        named = {"resolve": lambda host, port: ["127.0.0.1"], "allowed": lambda address: True}
        remote = Remote([f"cdn.example:{site}"], **(named | options))
        return remote.fetch(f"http://cdn.example:{site}{path}")

    return read


def test_an_allowed_host_is_read_under_its_name(reads: Reads, site: int) -> None:
    """The request goes to the address that was checked, with the host's own name and the query."""
    assert reads("/a.png?size=2#part") == PICTURE
    assert Site.asked == [f"cdn.example:{site}/a.png?size=2"]


@pytest.mark.parametrize("path", ["/moved", "/none", "/page", "/large"])
def test_what_is_no_image_is_not_read(reads: Reads, path: str) -> None:
    """Redirects, errors, pages and what is too large; a redirect is not followed."""
    with pytest.raises(Unreadable):
        reads(path)
    assert len(Site.asked) == 1


def test_a_host_that_trickles_is_left(reads: Reads) -> None:
    """The whole of an answer has its time, however often a byte comes."""
    start = time.monotonic()
    fast = lambda: start + 20 * (time.monotonic() - start)  # noqa: E731
    with pytest.raises(Unreadable, match="takes too long"):
        reads("/slow", clock=fast)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "address",
    [
        "http://other.example/x.png",
        "http://cdn.example:81/x.png",
        "http://cdn.example.evil.example/x.png",
        "http://evil.example@cdn.example/x.png",
        "http://cdn.example@evil.example/x.png",
        "http://cdn.example:x/x.png",
        "http://[::1/x.png",
        "ftp://cdn.example/x.png",
        "http:///x.png",
    ],
)
def test_other_hosts_are_not_looked_up(address: str) -> None:
    """Nothing is resolved for an address whose host is not allowed."""

    def resolve(host: str, port: int) -> list[str]:
        raise AssertionError(f"{host} was looked up")

    with pytest.raises(Unreadable):
        Remote(["cdn.example"], resolve=resolve).fetch(address)


NEAR = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "224.0.0.1", "255.255.255.255", "168.63.129.16", "192.0.0.192", "::", "::1"),
    *("fe80::1", "fd00:ec2::254", "ff02::1", "fec0::1", "::ffff:127.0.0.1", "::127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1"),
]


@pytest.mark.parametrize("near", NEAR)
def test_no_address_near_by_is_connected_to(near: str) -> None:
    """Also where another address of the same name is public."""
    assert not public(ipaddress.ip_address(near))
    for found in ([near], ["8.8.8.8", near]):
        remote = Remote(["cdn.example"], resolve=lambda host, port, found=found: found)
        with pytest.raises(Unreadable, match="not on the public internet"):
            remote.fetch("https://cdn.example/x.png")


@given(st.ip_addresses(v=4).map(int))
def test_an_address_in_disguise_is_no_more_allowed(number: int) -> None:
    """No IPv6 address that carries one of IPv4 is public, whichever it carries."""
    for form in ("::ffff:0:0", "::", "64:ff9b::"):
        assert not public(ipaddress.IPv6Address(int(ipaddress.IPv6Address(form)) + number))
    assert not public(ipaddress.IPv6Address((0x2002 << 112) | (number << 80)))


def test_a_name_is_resolved_once(reads: Reads) -> None:
    """A name that answers differently the second time is not asked a second time."""
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    assert reads("/a.png", resolve=lambda host, port: next(answers)) == PICTURE
    assert next(answers) == ["169.254.169.254"]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for the name cdn.example, signed by itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    files = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "crt")]
    name = ["-subj", "/CN=cdn.example", "-addext", "subjectAltName=DNS:cdn.example"]
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", *files, *name]
    subprocess.run(command, check=True, capture_output=True)
    (tmp_path / "both").write_text((tmp_path / "key").read_text() + (tmp_path / "crt").read_text())
    return tmp_path / "both"


def test_certificates_are_checked_for_the_name(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection to an address is one to the host of that name, or none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

        def read(name: str) -> bytes:
            host = f"{name}:{server.server_port}"
            options: Any = {"resolve": lambda host, port: ["127.0.0.1"], "allowed": lambda _: True}
            return Remote([host], **options).fetch(f"https://{host}/a.png")

        with pytest.raises(Unreachable):  # nobody known has signed it
            read("cdn.example")
        known = certificate.parent / "crt"
        monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(known))
        assert read("cdn.example") == PICTURE
        with pytest.raises(Unreachable):
            read("other.example")
        server.shutdown()


def test_silence_is_told_from_refusal(port: int) -> None:
    """A name without an address and a port without a server mean that nobody is there."""

    def nobody(host: str, port: int) -> list[str]:
        raise OSError

    with pytest.raises(Unreachable):
        Remote(["cdn.example"], resolve=nobody).fetch("http://cdn.example/x.png")
    named = Remote(
        [f"cdn.example:{port}"],
        resolve=lambda host, port: ["127.0.0.1"],
        allowed=lambda address: True,
    )
    with pytest.raises(Unreachable):
        named.fetch(f"http://cdn.example:{port}/x.png")


@pytest.mark.parametrize("host", ["https://cdn.example", "cdn.example/x", "", "a b", "*.example"])
def test_a_host_that_is_no_name_is_refused(host: str) -> None:
    """The sentence has the setting and the value."""
    with pytest.raises(ConfigurationError, match=r"engine\.sklearn_image\.hosts"):
        Remote([host])
