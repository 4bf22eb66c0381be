"""Answers are JSON: refuse requests that insist on something else."""

from __future__ import annotations

from starlette.requests import Request

from assay.errors import NotAcceptable, NotFound

_ACCEPTED = frozenset({"*/*", "application/*", "application/json"})


def require_json(request: Request) -> None:
    """Check the `format` parameter and the `Accept` header.

    Raises:
        NotFound: another format is asked for.
        NotAcceptable: no accepted media type covers JSON.
    """
    if request.query_params.get("format", "json") not in ("json", ""):
        raise NotFound("Not found.")
    accept = ",".join(request.headers.getlist("accept")) or "*/*"
    media_types = {item.partition(";")[0].strip().lower() for item in accept.split(",")}
    if not media_types & _ACCEPTED:
        raise NotAcceptable("Could not satisfy the request Accept header.")
