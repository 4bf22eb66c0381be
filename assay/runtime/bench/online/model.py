"""A scripted model in a process of its own, so that it does not share the engine's or the bench's."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

_START_SECONDS = 30
_END_SECONDS = 10


@contextmanager
def scripted_model(latency: float) -> Iterator[str]:
    """Run the model for the length of the block; gives its base URL for OpenAI clients.

    Args:
        latency: seconds until each answer.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, latency), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(_START_SECONDS):
            raise RuntimeError("The scripted model did not start.")
        yield ours.recv()
    finally:
        ours.close()
        process.join(_END_SECONDS)
        process.kill()


def _serve(parent: Connection, latency: float) -> None:
    from assay.adapters.testing import ScriptedModelServer

    with ScriptedModelServer(latency=latency) as server:
        parent.send(server.base_url)
        parent.poll(None)  # until the other end is closed
