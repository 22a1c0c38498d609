"""`/metrics` of a process that is no web server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server

from sync.errors import ConfigurationError
from sync.settings import Settings


@contextmanager
def serve(settings: Settings, registry: CollectorRegistry) -> Iterator[int | None]:
    """Serve the registry in the background, where the settings ask for it; gives the port.

    Whoever reaches the address can read it: numbers, ids of projects and names of routes.

    Raises:
        ConfigurationError: nothing can listen at that address.
    """
    if settings.metrics_port is None:
        yield None
        return
    try:
        server, thread = start_http_server(settings.metrics_port, settings.metrics_host, registry)
    except (OSError, OverflowError) as error:
        raise ConfigurationError(
            f"ASSAY_METRICS_HOST and _PORT name {settings.metrics_host}:{settings.metrics_port}, "
            f"where nothing can listen: {error}; end what listens there, or choose another port"
        ) from None
    try:
        yield settings.metrics_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
