"""The API over a real registry, called in process.

The event store and Temporal are stand-ins that fail when they are touched: what is tested here must not
need them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import httpx
from starlette.types import ASGIApp, Message

from api_shim.app import create_app
from api_shim.context import Deps
from api_shim.endpoints import endpoint_routes
from api_shim.operations import Resource
from assay.adapters.sql import SqlRegistry, bootstrap, migrate, open_registry
from assay.contracts.access import Project
from assay.contracts.sentiment import SentimentSource
from assay.domain.signed_links import PageLinks

SECRETS = ("test secret, long enough",)
KEY = "phx_test_key_of_the_first_user"
TRIAL_LIMIT = 3


class Untouchable:
    """Stands for something that a test must not use."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> NoReturn:
        raise AssertionError(f"{self._name}.{attribute} was used")


@dataclass(frozen=True)
class ApiWorld:
    """A bootstrapped registry: one organisation, one user, project 1 and a key that may do everything."""

    registry: SqlRegistry

    def deps(self, **changes: Any) -> Deps:
        """Dependencies of an app over this registry."""
        defaults: dict[str, Any] = {
            "registry": self.registry,
            "events": Untouchable("events"),
            "writer": Untouchable("writer"),
            "providers": Untouchable("providers"),
            "hog": Untouchable("hog"),
            "temporal": Untouchable("temporal"),
            "report_data": Untouchable("report_data"),
            "page_links": PageLinks(SECRETS),
            "judged_runs": Untouchable("judged_runs"),
            "traces": Untouchable("traces"),
            "inputs": Untouchable("inputs"),
            "sentiment": SentimentSource(backend="lexicon", model="test", is_third_party=False),
            "clustering_artefacts": Untouchable("clustering_artefacts"),
            "trial_eval_limit": TRIAL_LIMIT,
            "throttle": False,
            "ready_checks": {"registry": self.registry.ping},
        }
        return Deps(**(defaults | changes))

    def client(
        self,
        *,
        key: str | None = KEY,
        headers: Mapping[str, str] | None = None,
        resources: Iterable[Resource] = (),
        **changes: Any,
    ) -> httpx.AsyncClient:
        """A client of a new app; `resources` are served beside the app's own, `changes` go into its deps."""
        app = create_app(self.deps(**changes), extra_routes=endpoint_routes(resources))
        authorization = {} if key is None else {"Authorization": f"Bearer {key}"}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://assay.test",
            headers=authorization | dict(headers or {}),
        )

    async def new_key(self, *scopes: str, project_id: int | None = None) -> str:
        """The secret of a new API key of the first user."""
        _, secret = await self.registry.access.create_key(project_id=project_id, scopes=scopes, label="test")
        return secret

    async def new_project(self) -> Project:
        """A project without any objects in it."""
        return await self.registry.access.create_project("Empty")


@asynccontextmanager
async def api_world(url: str) -> AsyncIterator[ApiWorld]:
    """A world in an empty database, SQLite or PostgreSQL."""
    await migrate(url)
    registry = open_registry(url, secrets=SECRETS)
    try:
        await bootstrap(
            registry, api_key=KEY, project_token="phc_test", user_email="first@example.com", ai_consent=True
        )
        yield ApiWorld(registry)
    finally:
        await registry.close()


async def call(
    app: ASGIApp, method: str, path: str, *, received: Sequence[Message] = (), **scope: Any
) -> tuple[int | None, bytes]:
    """One request by the bare protocol, for what no client library would send.

    Returns:
        The status, None if there was no answer, and the body.
    """
    messages = iter(received or [{"type": "http.request", "body": b"", "more_body": False}])
    sent: list[Message] = []

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        sent.append(message)

    defaults = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": []}
    await app(defaults | scope, receive, send)
    status = next((message["status"] for message in sent if "status" in message), None)
    return status, b"".join(message.get("body", b"") for message in sent)


def judge(**fields: Any) -> dict[str, Any]:
    """The body of a valid evaluation; a field that is set to `...` is left out."""
    body = {
        "name": "Polite",
        "evaluation_type": "llm_judge",
        "evaluation_config": {"prompt": "Is it polite?"},
        "output_type": "boolean",
    } | fields
    return {name: value for name, value in body.items() if value is not ...}


def error(type_: str, code: str, detail: str, attr: str | None = None) -> dict[str, Any]:
    """The standard error body."""
    return {"type": type_, "code": code, "detail": detail, "attr": attr}
