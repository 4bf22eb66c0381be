"""Request bodies: read once, bounded, and parsed by content type.

JSON, URL-encoded forms and multipart forms are read. An empty body is an empty object whatever its
content type says.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from starlette.datastructures import FormData, Headers
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import Request

from assay.contracts.wire import FormText, parse_json
from assay.errors import MalformedRequest, RequestError, RequestTooLarge, UnsupportedMediaType

MAX_BODY_BYTES = 20_971_520
"""Largest request body that is read, unless an operation says less."""

MAX_CONFIGURATION_BYTES = 1_048_576
"""Largest body of operations that take nothing but what people configure."""


class Payload:
    """The body of one request, read from the connection when it is first asked for.

    What went wrong is remembered: the body may be looked at during authentication, where a body that
    cannot be read counts as one without a key, and again by the operation, which refuses it.

    Args:
        limit: largest body that is read, in bytes.
    """

    def __init__(self, request: Request, limit: int = MAX_BODY_BYTES) -> None:
        self._request = request
        self._limit = limit
        self._data: Any = None
        self._refusal: RequestError | None = None
        self._is_read = False

    async def data(self) -> Any:
        """The parsed body: a JSON value, or an object of `FormText` values for a form.

        Raises:
            RequestTooLarge: it is over the limit.
            MalformedRequest: it is not what its content type says.
            UnsupportedMediaType: its content type cannot be read.
        """
        if not self._is_read:
            self._is_read = True
            try:
                body = await read_bounded(self._request, self._limit)
                self._data = await _parse(self._request.headers, body)
            except RequestError as error:
                self._refusal = error
        if self._refusal is not None:
            raise self._refusal
        return self._data

    async def field(self, name: str) -> Any:
        """One field of the body; None if it is absent or the body cannot be read."""
        try:
            data = await self.data()
        except RequestError:
            return None
        return data.get(name) if isinstance(data, dict) else None


async def read_bounded(request: Request, limit: int = MAX_BODY_BYTES) -> bytes:
    """The raw body.

    Raises:
        RequestTooLarge: it announces or has more than `limit` bytes; no more than that is held in memory.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and float(announced) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(limit: int) -> RequestTooLarge:
    return RequestTooLarge(f"The request body is larger than {limit} bytes.")


async def _parse(headers: Headers, body: bytes) -> Any:
    if not body:
        return {}
    content_type = headers.get("content-type", "")
    parse = _PARSERS.get(content_type.partition(";")[0].strip().lower())
    if parse is None:
        raise UnsupportedMediaType(f'Unsupported media type "{content_type}" in request.')
    return await parse(headers, body)


async def _parse_json(_: Headers, body: bytes) -> Any:
    try:
        return parse_json(body)
    except ValueError as error:
        raise MalformedRequest(f"JSON parse error - {error}") from None


async def _parse_urlencoded(headers: Headers, body: bytes) -> dict[str, Any]:
    return await _parse_form(FormParser(headers, _stream(body), max_part_size=MAX_BODY_BYTES))


async def _parse_multipart(headers: Headers, body: bytes) -> dict[str, Any]:
    return await _parse_form(MultiPartParser(headers, _stream(body), max_part_size=MAX_BODY_BYTES))


_PARSERS: dict[str, Callable[[Headers, bytes], Awaitable[Any]]] = {
    "application/json": _parse_json,
    "application/x-www-form-urlencoded": _parse_urlencoded,
    "multipart/form-data": _parse_multipart,
}

PARSED_TYPES = tuple(_PARSERS)
"""Content types that are read."""


async def _parse_form(parser: FormParser | MultiPartParser) -> dict[str, Any]:
    try:
        form = await parser.parse()
    except (MultiPartException, LookupError, ValueError) as error:
        # The parsers let errors of the grammar and of the charset through as they are.
        raise MalformedRequest(f"Form parse error - {type(error).__name__}") from None
    try:
        return _fields(form)
    finally:
        await form.close()


def _fields(form: FormData) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in form.multi_items():
        if isinstance(value, str) and not _is_encodable(name + value):
            raise MalformedRequest("Form parse error - not valid text")
        fields[name] = FormText(value) if isinstance(value, str) else value
    return fields


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


async def _stream(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
    yield b""
