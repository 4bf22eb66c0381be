"""What goes over the pipes between a parent and the processes that compute for it: one call, one outcome.

Calls and outcomes are pickled, with arrays beside what is pickled, so that they are copied by the pipe alone.
Both ends are this program, and a pipe is between the two alone.
"""

from __future__ import annotations

import os
import pickle
import struct
import traceback
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, Final

from assay.errors import AssayError

type Message = Sequence[memoryview]
"""What is pickled, and the arrays that belong to it."""

_PROTOCOL: Final = 5
"""The first that leaves arrays where they are."""
_COUNT: Final = struct.Struct(">I")
_LENGTH: Final = struct.Struct(">Q")


def encode_call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Message:
    """A call; the function goes by the name that it can be imported by.

    Raises:
        pickle.PicklingError, AttributeError, TypeError: it cannot be sent.
    """
    return _encode((function, arguments))


def outcome_of(call: Message) -> Message:
    """Make a call, and encode what came of it, whatever that is."""
    try:
        function, arguments = _decode(call)
        return _encode((True, function(*arguments)))
    except Exception as error:
        return _failed(error)


def decode_outcome(outcome: Message) -> Any:
    """What a call returned.

    Raises:
        Exception: what the call raised; a note tells where.
    """
    is_done, found = _decode(outcome)
    if is_done:
        return found
    raise found


def write_message(stream: BinaryIO, message: Message) -> None:
    """Write a message to an unbuffered stream.

    Raises:
        BrokenPipeError: nobody reads it.
    """
    lengths = b"".join(_LENGTH.pack(part.nbytes) for part in message)
    for part in (memoryview(_COUNT.pack(len(message)) + lengths), *message):
        rest = part
        while rest:
            rest = rest[stream.write(rest) :]


def read_message(stream: BinaryIO) -> Message | None:
    """Wait for a message; None if the stream ends before it does. Nothing else may read from the stream."""
    if (head := _read(stream, _COUNT.size)) is None:
        return None
    (count,) = _COUNT.unpack(head)
    if (lengths := _read(stream, count * _LENGTH.size)) is None:
        return None
    parts: list[memoryview] = []
    for (length,) in _LENGTH.iter_unpack(lengths):
        if (part := _read(stream, length)) is None:
            return None
        parts.append(part)
    return parts


def _read(stream: BinaryIO, length: int) -> memoryview | None:
    found = memoryview(bytearray(length))
    filled = 0
    while filled < length:
        taken = os.readv(stream.fileno(), [found[filled:]])
        if not taken:
            return None
        filled += taken
    return found


def _failed(error: Exception) -> Message:
    if not isinstance(error, AssayError):
        error.add_note("In a process that computes:\n" + "".join(traceback.format_exception(error)))
    try:
        encoded = _encode((False, error))
        _decode(encoded)  # some exceptions can be written and not read
    except Exception:
        return _encode((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return encoded


def _encode(value: Any) -> Message:
    arrays: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(value, _PROTOCOL, buffer_callback=arrays.append)
    return [memoryview(pickled), *(array.raw() for array in arrays)]


def _decode(message: Message) -> Any:
    pickled, *arrays = message
    return pickle.loads(pickled, buffers=arrays)  # noqa: S301  (see above: no stranger writes to the pipe)
