"""A client for one place: it sends through another client, and only to URLs below a base URL."""

from __future__ import annotations

from typing import Any, override

import httpx

from assay.errors import OutboundRefused


class ConfinedClient(httpx.AsyncClient):
    """Sends through `client`, and refuses every URL that is not below `base_url`.

    A credential that belongs to a base URL thereby stays below it, whatever a library makes of the names
    that it puts into a path. The connections are `client`'s: closing this one closes none, and it need not
    be closed.

    Args:
        client: what requests are sent through.
        base_url: scheme, host, port and path that requests must stay below.
    """

    def __init__(self, client: httpx.AsyncClient, base_url: str) -> None:
        super().__init__(transport=httpx.AsyncBaseTransport(), timeout=client.timeout, trust_env=False)
        self._through = client
        self._base = httpx.URL(base_url)

    @override
    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send one request.

        Raises:
            OutboundRefused: its URL is not below the base, or what `client` refuses.
        """
        if not is_below(request.url, self._base):
            raise OutboundRefused(f"The URL of the call leaves the configured address on {self._base.host}.")
        return await self._through.send(request, **options)


def is_below(url: httpx.URL, base: httpx.URL) -> bool:
    """Whether a URL has the base's origin, and its path without any detour.

    Dots and backslashes count in escaped form too: the server, or a proxy before it, may resolve them.
    """
    if (url.scheme, url.raw_host, url.port) != (base.scheme, base.raw_host, base.port):
        return False
    path, folder = url.path, base.path.rstrip("/")  # httpx unescapes both
    if "\\" in path or not {".", ".."}.isdisjoint(path.split("/")):
        return False
    return path == folder or path.startswith(f"{folder}/")
