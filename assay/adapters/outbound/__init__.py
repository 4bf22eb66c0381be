"""The one way out: every HTTP call that Assay makes to others passes one policy.

`OutboundPolicy` says what may be called; `outbound_client` makes an `httpx.AsyncClient` that can call
nothing else.
"""

from assay.adapters.outbound.policy import OutboundPolicy
from assay.adapters.outbound.transport import outbound_client

__all__ = ["OutboundPolicy", "outbound_client"]
