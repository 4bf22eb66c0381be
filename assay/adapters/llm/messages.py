"""What the engine and its model process say to each other: JSON in frames (`assay.adapters.frames`).

The engine sends `Setup` once and gets `Ready`. Then it sends an `Ask` for each call, and a `Cancel` for each
that nobody waits for any more; every `Ask` that was not cancelled gets one `Answered` or `Failed`, in any
order. Keys are in these messages and nowhere else: not in arguments, not in the environment.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, SecretStr, TypeAdapter
from pydantic_core import PydanticSerializationError, to_json

from assay.adapters.llm.access import Endpoint
from assay.contracts.base import Contract
from assay.contracts.models import (
    ChatReply,
    ChatRequest,
    EmbeddingReply,
    EmbeddingRequest,
    ModelReply,
    ModelRequest,
)
from assay.domain.json_values import storable
from assay.errors import PlatformFault, WorkError, catalogue

LONGEST_FRAME: Final = 64 * 1024 * 1024
"""Bytes; prompts and answers are bounded far below."""

_LEVELS: Final = 256
"""Of nesting; what reads the messages bears no more either."""


type Question = ModelRequest | ChatRequest | EmbeddingRequest
"""Told apart by their fields: no message has those of two."""
type Answer = ModelReply | ChatReply | EmbeddingReply
"""Of the same kind as its question."""


class Setup(Contract):
    """How to reach providers.

    Attributes:
        outbound_allow: the operator's list, see `assay.adapters.outbound.policy`.
        own_urls: the operator's own addresses, which the policy permits besides.
    """

    kind: Literal["setup"] = "setup"
    outbound_allow: str
    own_urls: tuple[str, ...]


class Ask(Contract):
    """A call to make."""

    kind: Literal["ask"] = "ask"
    number: int
    request: Question
    api_key: str = Field(repr=False)
    base_url: str
    api_version: str

    @classmethod
    def of(cls, number: int, request: Question, endpoint: Endpoint) -> Ask:
        """Ask at an endpoint, which is of the request's provider."""
        return cls(
            number=number,
            request=request,
            api_key=endpoint.api_key.get_secret_value(),
            base_url=endpoint.base_url,
            api_version=endpoint.api_version,
        )

    @property
    def endpoint(self) -> Endpoint:
        """Where to call."""
        key = SecretStr(self.api_key)
        return Endpoint(self.request.provider, key, self.base_url, self.api_version)


class Cancel(Contract):
    """Nobody waits for that call any more."""

    kind: Literal["cancel"] = "cancel"
    number: int


class Ready(Contract):
    """litellm is imported; calls are welcome."""

    kind: Literal["ready"] = "ready"


class Answered(Contract):
    """A call got its reply."""

    kind: Literal["answered"] = "answered"
    number: int
    reply: Answer


class Failed(Contract):
    """A call failed.

    Attributes:
        code: of a class of `assay.errors`.
        detail, retry_after: see `WorkError`.
    """

    kind: Literal["failed"] = "failed"
    number: int
    code: str
    detail: str
    retry_after: float | None

    @classmethod
    def of(cls, number: int, error: WorkError) -> Failed:
        """Tell of a failure."""
        return cls(number=number, code=error.code, detail=error.detail, retry_after=error.retry_after)

    @property
    def error(self) -> WorkError:
        """What to raise."""
        return _ERRORS.get(self.code, PlatformFault)(self.detail, retry_after=self.retry_after)


_ERRORS: Final = {error.code: error for error in catalogue() if issubclass(error, WorkError)}

Request = Setup | Ask | Cancel
Reply = Ready | Answered | Failed

_DISCREET: Final = ConfigDict(hide_input_in_errors=True)
"""What is wrong with a message goes to the log, and the message may hold a key."""

REQUESTS: Final = TypeAdapter[Request](Annotated[Request, Field(discriminator="kind")], config=_DISCREET)
REPLIES: Final = TypeAdapter[Reply](Annotated[Reply, Field(discriminator="kind")], config=_DISCREET)


def encode(message: Request | Reply) -> bytes:
    """A message as the payload of a frame.

    A lone surrogate, which a provider's JSON can spell and UTF-8 cannot, becomes U+FFFD.
    """
    try:
        return message.__pydantic_serializer__.to_json(message)
    except PydanticSerializationError:
        return to_json(storable(message.model_dump(mode="json"), levels=_LEVELS))
