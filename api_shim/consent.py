"""The organisation's consent to third-party AI processing."""

from __future__ import annotations

from typing import Any

from api_shim.operations import Call
from assay.errors import PermissionDenied


async def require_ai_consent(call: Call[Any, Any]) -> None:
    """What is about to be done sends texts to a third party: the organisation must have agreed to that.

    Raises:
        PermissionDenied: it has not.
    """
    organization = await call.deps.registry.access.organization(call.project.organization_id)
    if organization is None or not organization.ai_consent:
        raise PermissionDenied("AI data processing must be approved by the organisation first.")
