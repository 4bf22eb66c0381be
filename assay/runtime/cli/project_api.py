"""The API of one project, asked by a command."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Self

import click
import httpx

from assay.errors import SetupError
from assay.runtime.settings import load_settings

DETACHED: Final = 130
"""What a shell says of a command that Ctrl-C ended: the work that it watched goes on."""

_RETRY_SECONDS: Final = 60.0
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 5.0
_WORTH_RETRYING: Final = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)

Shown = dict[str, Any]
"""An object as the API shows it."""


class Refused(click.ClickException):
    """The API refuses a request.

    Attributes:
        field: of the request, that is at fault; None if none is.
    """

    def __init__(self, detail: str, field: str | None) -> None:
        super().__init__(detail)
        self.field = field

    def naming(self, options: Mapping[str, str]) -> click.ClickException:
        """The same, as an error of the option that set the field.

        Args:
            options: field → option.
        """
        if self.field is None or self.field not in options:
            return self
        return click.BadParameter(self.message, param_hint=f"'{options[self.field]}'")


class ProjectApi:
    """Objects of one kind in one project.

    All methods raise `SetupError` if the API does not answer, and `Refused` if it says no.

    Args:
        path: of the objects, below the project.
    """

    def __init__(self, url: str, api_key: str, project_id: int, path: str) -> None:
        self._client = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/environments/{project_id}/{path}/",
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=30,
        )
        self._has_answered = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def post(self, path: str, body: Mapping[str, object] | None = None) -> Shown:
        """Ask for something to be done."""
        return self._send("POST", path, json=body)

    def get(self, path: str, **query: object) -> Shown:
        """Look at something; an API that has answered before and is restarting is waited for."""
        deadline, pause = time.monotonic() + _RETRY_SECONDS, _FIRST_PAUSE_SECONDS
        while True:
            try:
                return self._send("GET", path, params=query)
            except SetupError:
                if not self._has_answered or time.monotonic() > deadline:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _send(self, method: str, path: str, **content: Any) -> Shown:
        try:
            response = self._client.request(method, path, **content)
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


def open_api(url: str | None, api_key: str | None, project: int, path: str) -> ProjectApi:
    """The API that the options of `reaching_api` lead to.

    Args:
        path: see `ProjectApi`.

    Raises:
        click.UsageError: there is no API key.
    """
    if not api_key:
        raise click.UsageError("Missing option '--api-key' (env var: 'ASSAY_API_KEY').")
    settings = load_settings()
    return ProjectApi(url or f"http://{settings.host}:{settings.port}", api_key, project, path)


def reaching_api[**P, R](scope: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Give a command the options `--project`, `--url` and `--api-key`.

    Args:
        scope: that the key needs.
    """
    options = (
        click.option("--project", default=1, show_default=True, help="Project that this is about."),
        click.option("--url", help="Base URL of the API. Default: ASSAY_HOST and ASSAY_PORT."),
        click.option("--api-key", envvar="ASSAY_API_KEY", show_envvar=True, help=f"Needs {scope}."),
    )

    def with_options(command: Callable[P, R]) -> Callable[P, R]:
        for option in reversed(options):
            command = option(command)
        return command

    return with_options


def where_options(url: str | None, project: int) -> str:
    """The options that a person has to repeat to reach the same place; begins with a space, or is empty."""
    return ("" if project == 1 else f" --project {project}") + (f" --url {url}" if url else "")


def _json_object(response: httpx.Response) -> Shown:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
