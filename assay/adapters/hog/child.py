"""A child process: compiles Hog programs, or runs them, until its input ends.

    python -I -m assay.adapters.hog.child compile|run MEMORY_MB

It speaks `assay.adapters.hog.messages` over its standard streams. Whatever it imports it imports at every
start, so light modules only.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from assay.adapters.hog.link import Link
from assay.adapters.hog.messages import Idle, encode_reply
from assay.adapters.hog.rlimits import confine
from assay.adapters.hog.roles import COMPILE, RUN, CompileRole, Role, RunRole
from assay.domain.hog.budget import resident_bytes
from assay.domain.hog.limits import MAX_CALL_DEPTH, MIB
from assay.errors import HogDefect

_FRAMES_PER_CALL: Final = 20
"""Calls in Python that one call in a program may take, with the library functions on the way."""


def _compiling() -> Role:
    from assay.domain.hog.compiling import compile_source

    return CompileRole(compile_source)


def _running() -> Role:
    from assay.domain.hog.evaluation import evaluate
    from assay.domain.hog.machine import HogMachine

    machine = HogMachine()
    return RunRole(machine.load, partial(evaluate, machine))


ROLES: Final[Mapping[str, Callable[[], Role]]] = {COMPILE: _compiling, RUN: _running}
"""What makes each role; a child imports nothing for the others."""


def main(roles: Mapping[str, Callable[[], Role]] = ROLES) -> None:
    """Serve until the parent closes its end, or is gone.

    Args:
        roles: what the first argument of the command chooses from.
    """
    name, memory_mb = sys.argv[1:]
    link = Link.over_standard_streams()
    try:
        role = roles[name]()
    except Exception as error:
        link.send(encode_reply(HogDefect(f"{type(error).__name__}: {error}")))
        sys.exit(1)
    sys.setrecursionlimit(MAX_CALL_DEPTH * _FRAMES_PER_CALL)
    confine(int(memory_mb) * MIB)
    try:
        _serve(role, link)
    except BrokenPipeError:
        sys.exit(1)


def _serve(role: Role, link: Link) -> None:
    link.send(encode_reply(Idle(resident_bytes())))
    while (request := link.receive()) is not None:
        role.serve(request, link)
        link.send(encode_reply(Idle(resident_bytes())))


if __name__ == "__main__":
    main()
