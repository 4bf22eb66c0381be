"""JSON answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import BaseModel
from starlette.responses import Response


class JsonResponse(Response):
    """A JSON answer from a pydantic model or plain JSON data."""

    media_type = "application/json"

    def __init__(self, content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(content, status_code=status, headers=headers)

    def render(self, content: Any) -> bytes:
        """Encode; a model keeps the order of its fields."""
        if isinstance(content, BaseModel):
            return content.model_dump_json().encode()
        return orjson.dumps(content)
