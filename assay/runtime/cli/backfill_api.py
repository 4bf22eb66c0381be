"""The API's backfills, asked by a command."""

from __future__ import annotations

import time
from typing import Any, Final, Self
from uuid import UUID

import click
import httpx

from assay.errors import SetupError

_RETRY_SECONDS: Final = 60.0
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 5.0
_WORTH_RETRYING: Final = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)

Shown = dict[str, Any]
"""A backfill as the API shows it."""


class Refused(click.ClickException):
    """The API refuses a request.

    Attributes:
        field: of the request, that is at fault; None if none is.
    """

    def __init__(self, detail: str, field: str | None) -> None:
        super().__init__(detail)
        self.field = field


class BackfillApi:
    """Backfills of one project.

    All methods raise `SetupError` if the API does not answer, and `Refused` if it says no.
    """

    def __init__(self, url: str, api_key: str, project_id: int) -> None:
        self._client = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/environments/{project_id}/evaluation_backfills/",
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=30,
        )
        self._has_answered = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def start(self, body: dict[str, str]) -> Shown:
        """Start a backfill."""
        return self._send("POST", "", body)

    def tell(self, backfill_id: UUID, command: str) -> Shown:
        """Pause, resume or cancel a backfill."""
        return self._send("POST", f"{backfill_id}/{command}/")

    def show(self, backfill_id: UUID) -> Shown:
        """How far a backfill is; an API that has answered before and is restarting is waited for."""
        deadline, pause = time.monotonic() + _RETRY_SECONDS, _FIRST_PAUSE_SECONDS
        while True:
            try:
                return self._send("GET", f"{backfill_id}/")
            except SetupError:
                if not self._has_answered or time.monotonic() > deadline:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _send(self, method: str, path: str, body: dict[str, str] | None = None) -> Shown:
        try:
            response = self._client.request(method, path, json=body)
        except httpx.TransportError as error:
            address = self._client.base_url.copy_with(path="/")
            raise SetupError(
                f"{address} does not answer ({type(error).__name__}): is `assay dev` running? Is --url right?"
            ) from error
        answer = _json_object(response)
        if response.is_success:
            self._has_answered = True
            return answer
        detail = str(answer.get("detail") or f"The API answered {response.status_code}.")
        if response.status_code in _WORTH_RETRYING:
            raise SetupError(detail)
        raise Refused(detail, answer.get("attr"))


def _json_object(response: httpx.Response) -> Shown:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
