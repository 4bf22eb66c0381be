"""Compiling sources: what is known already costs nothing, all else waits for its turn."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Hashable
from typing import Final

from assay.adapters.hog.messages import encode_source
from assay.adapters.hog.pool import Pool
from assay.adapters.hog.process import ChildEnded, End
from assay.adapters.hog.recent import Recent
from assay.adapters.hog.roles import COMPILE_SECONDS
from assay.domain.hog.errors import HogCompileError
from assay.domain.hog.outcomes import CompiledProgram
from assay.errors import HogDefect, HogUnavailable

PATIENCE_SECONDS: Final = 15.0
"""How long a source waits for its turn: somebody waits for the answer."""

_KEPT_SOURCES: Final = 256
_KEPT_REFUSALS: Final = 64
_ATTEMPTS: Final = 2
"""A compiler may have been killed from outside; one that dies again dies of the source."""

_TOO_SLOW: Final = "The source takes too long to read."
_UNREADABLE: Final = "The source cannot be read: the parser gave up."
_SIMPLIFY: Final = "simplify it, or name parts of it with let"

_TOO_BUSY: Final = "The machine was too busy to compile the program."
_NONSENSE: Final = "The process that compiles gave an answer that makes no sense."


class Compiler:
    """Compiles sources in the children of a pool.

    It remembers what the last sources came to, and which ones were too slow or ended their process: those
    are refused at once.

    Args:
        patience: seconds that a source waits for its turn.
    """

    def __init__(self, pool: Pool, *, patience: float = PATIENCE_SECONDS) -> None:
        self._pool = pool
        self._patience = patience
        self._compiled = Recent[str, CompiledProgram](_KEPT_SOURCES)
        self._refused = Recent[bytes, str](_KEPT_REFUSALS)

    async def compile(self, source: str, owner: Hashable) -> CompiledProgram:
        """See `assay.ports.HogRunner.compile`."""
        by = asyncio.get_running_loop().time() + self._patience
        name = hashlib.sha256(source.encode(errors="surrogatepass")).digest()
        ends: list[ChildEnded] = []
        while len(ends) < _ATTEMPTS:
            if program := self._known(source, name):
                return program
            async with self._pool.turn(owner, by=by):
                # The same source may have been compiled for somebody else meanwhile.
                if program := self._known(source, name):
                    return program
                try:
                    program = await self._in_child(source)
                except ChildEnded as end:
                    ends.append(end)
                    if end.why is End.LATE:
                        break
                    continue
                self._compiled.put(source, program)
                return program
        raise self._failure(ends[-1], name)

    def _known(self, source: str, name: bytes) -> CompiledProgram | None:
        """The program of a source that was compiled lately.

        Raises:
            HogCompileError: it was refused lately.
        """
        if refusal := self._refused.get(name):
            raise HogCompileError(refusal, hint=_SIMPLIFY)
        return self._compiled.get(source)

    async def _in_child(self, source: str) -> CompiledProgram:
        async with self._pool.child() as child:
            child.send(encode_source(source))
            reply = await child.receive(COMPILE_SECONDS)
            if reply is None or await child.receive(COMPILE_SECONDS) is not None:
                raise HogDefect(_NONSENSE)
        match reply:
            case CompiledProgram():
                return reply
            case HogCompileError() | HogDefect() | HogUnavailable():
                raise reply
        raise HogDefect(_NONSENSE)

    def _failure(self, end: ChildEnded, name: bytes) -> Exception:
        if end.is_of_the_machine(COMPILE_SECONDS):
            return HogUnavailable(_TOO_BUSY)
        if end.why is End.GARBLED:
            return HogDefect(_NONSENSE)
        refusal = _TOO_SLOW if end.why is End.LATE else _UNREADABLE
        self._refused.put(name, refusal)
        return HogCompileError(refusal, hint=_SIMPLIFY)
