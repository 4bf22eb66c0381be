"""What the frames between Assay and its children hold: JSON.

    role      to the child                               from the child
    any       –                                          Idle, once it is ready
    compile   source                                     program, compile error or defect; Idle
    run       Work, then one frame for each target       outcome or error for each target in order; Idle

A child may be Idle before it reached the last target: the rest is to be sent again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from assay.domain.hog.errors import HogCompileError, Position
from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import CompiledProgram, Fault, HogOutcome, HogTarget
from assay.errors import HogDefect, HogUnavailable

Reply = CompiledProgram | HogCompileError | HogOutcome | HogDefect | HogUnavailable

KEPT_PROGRAMS: Final = 128
"""Programs that a child keeps loaded; the parent remembers as many names."""


class Garbled(ValueError):
    """A payload that no child sends."""


@dataclass(frozen=True, slots=True)
class Idle:
    """The child waits for the next request.

    Attributes:
        resident: bytes of memory it has.
    """

    resident: int


@dataclass(frozen=True, slots=True)
class Work:
    """A request to run a program on the targets that follow.

    Attributes:
        program: name of the program.
        bytecode: the program; None if the child has it.
        targets: how many follow.
    """

    program: str
    bytecode: list[Any] | None
    targets: int
    allows_na: bool
    limits: Limits


def encode_source(source: str) -> bytes:
    """A source text for a child."""
    return _json(source)


def decode_source(payload: bytes) -> str:
    """The source text in a request."""
    source: str = json.loads(payload)
    return source


def encode_work(work: Work) -> bytes:
    """A request to run a program."""
    limits = [work.limits.steps, work.limits.seconds, work.limits.memory]
    return _json([work.program, work.bytecode, work.targets, work.allows_na, limits])


def decode_work(payload: bytes) -> Work:
    """The request to run a program."""
    program, bytecode, targets, allows_na, limits = json.loads(payload)
    return Work(program, bytecode, targets, allows_na, Limits(*limits))


def decode_target(payload: bytes) -> HogTarget:
    """The target that `assay.adapters.hog.targets` encoded."""
    return HogTarget(*json.loads(payload))


def encode_reply(reply: Reply | Idle) -> bytes:
    """What a child has to say."""
    match reply:
        case CompiledProgram():
            return _json({"program": [reply.bytecode, reply.warnings]})
        case HogCompileError():
            at = None if reply.position is None else [reply.position.line, reply.position.column]
            return _json({"error": [reply.message, at, reply.hint]})
        case HogOutcome():
            return _json({"outcome": [reply.verdict, reply.reasoning, reply.fault, reply.error]})
        case HogDefect():
            return _json({"defect": reply.detail})
        case HogUnavailable():
            return _json({"unavailable": reply.detail})
        case Idle():
            return _json({"idle": reply.resident})


def decode_reply(payload: bytes) -> Reply | Idle:
    """What a child said.

    Raises:
        Garbled: it makes no sense.
    """
    try:
        return _reply_of(json.loads(payload))
    except (ValueError, TypeError, RecursionError) as error:
        raise Garbled(f"a child process said {payload[:100]!r}") from error


def _reply_of(said: Any) -> Reply | Idle:
    match said:
        case {"program": [bytecode, warnings]}:
            return CompiledProgram(bytecode, tuple(warnings))
        case {"error": [message, at, hint]}:
            return HogCompileError(message, None if at is None else Position(*at), hint)
        case {"outcome": [verdict, reasoning, fault, error]}:
            return HogOutcome(verdict, reasoning, None if fault is None else Fault(fault), error)
        case {"defect": str(detail)}:
            return HogDefect(detail)
        case {"unavailable": str(detail)}:
            return HogUnavailable(detail)
        case {"idle": int(resident)}:
            return Idle(resident)
    raise ValueError("no known form")


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
