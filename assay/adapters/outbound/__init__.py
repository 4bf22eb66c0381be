"""The one way out: every HTTP call that Assay makes to others passes one policy.

`OutboundPolicy` says what may be called; `outbound_client` makes an `httpx.AsyncClient` that can call
nothing else; `ConfinedClient` narrows one down to a single base URL.
"""

from assay.adapters.outbound.confined import ConfinedClient
from assay.adapters.outbound.policy import OutboundPolicy
from assay.adapters.outbound.transport import MAX_RESPONSE_BYTES, outbound_client

__all__ = ["MAX_RESPONSE_BYTES", "ConfinedClient", "OutboundPolicy", "outbound_client"]
