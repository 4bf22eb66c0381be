"""`docs/api.md`: every endpoint with its scope and statuses, from the same declarations as the routes."""

from __future__ import annotations

from typing import Any

from api_shim.app import RESOURCES
from api_shim.endpoints import PREFIX
from api_shim.openapi import openapi_document
from tests.architecture.documented_endpoints import ENDPOINTS, Documented

_INTRODUCTION = """\
# API

Made from the declared operations by `make docs`; `/openapi.json` of a running engine has the schemas, `/docs` shows them.

Paths are below `/api/environments/{project_id}/`; `/api/projects/{project_id}/` is the same, the trailing slash is
optional, and `@current` stands for the caller's project. Send an API key as `Authorization: Bearer <key>`; a `write` scope
implies `read`. Statuses that all share: 401 no valid key, 403 scope or project, 404 no such project or object, 406 `Accept`
excludes JSON, 413 and 415 body too large or of a type that is not read, 429 request limit, 503 a store is down (with
`Retry-After`).

*Origin*: **docs** – PostHog's public API pages document it; **PostHog** – PostHog serves it without documenting it;
**Assay** – an extension, marked `x-assay-extension` in the API description.
"""
_HEADER = (
    "| method | path | scope | success | errors | origin | what it does |\n|---|---|---|---|---|---|---|"
)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def api_page() -> str:
    """`docs/api.md`."""
    paths = openapi_document(RESOURCES)["paths"]
    parts = [_INTRODUCTION]
    for resource in sorted(RESOURCES, key=lambda resource: resource.path):
        parts.append(f"## {resource.name}\n\n{_HEADER}")
        for path, methods in paths.items():
            rows = [(method, methods[method.lower()]) for method in _METHODS if method.lower() in methods]
            parts += [
                _row(method, path, operation)
                for method, operation in rows
                if resource.name in operation["tags"]
            ]
        parts.append("")
    return "\n".join([*parts, *_missing()])


def not_served() -> list[Documented]:
    """The documented endpoints that the API does not serve."""
    served = {
        (operation.method, "/".join(filter(None, (resource.path, operation.path))))
        for resource in RESOURCES
        for operation in resource.operations
    }
    return [it for it in ENDPOINTS if (it.method, it.path) not in served]


def _row(method: str, path: str, operation: dict[str, Any]) -> str:
    relative = path.removeprefix(PREFIX)
    ((scope,),) = operation["security"][0].values()
    success, *others = operation["responses"]
    origin = _origin(method, relative.removesuffix("/"), operation)
    return f"| {method} | `{relative}` | `{scope}` | {success} | {' '.join(sorted(others))} | {origin} | {operation['summary']} |"


def _origin(method: str, path: str, operation: dict[str, Any]) -> str:
    if operation.get("x-assay-extension"):
        return "Assay"
    return "docs" if any((it.method, it.path) == (method, path) for it in ENDPOINTS) else "PostHog"


def _missing() -> list[str]:
    missing = not_served()
    if not missing:
        return []
    return [
        "## Documented, not served yet\n",
        "| method | path | scope | success |\n|---|---|---|---|",
        *(
            f"| {it.method} | `{it.path}/` | {f'`{it.scope}`' if it.scope else '–'} | {it.status} |"
            for it in missing
        ),
        "",
    ]
