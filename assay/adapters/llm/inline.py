"""Threads for what blocks, except for what only seems to.

litellm prepares each asynchronous call in a thread of the loop's default executor. That is a fraction of a
millisecond of pure computation, and the way to a busy thread and back takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_INLINE: ContextVar[list[bool] | None] = ContextVar("inline", default=None)
"""Holds something while the next submission of this task is to be done inline."""


@contextmanager
def next_inline() -> Iterator[None]:
    """The next work that this task submits to an `InlineExecutor` in the block is done at once, by the task.

    Only the next: what comes later, such as looking up a name, may really block.
    """
    token = _INLINE.set([True])
    try:
        yield
    finally:
        _INLINE.reset(token)


class InlineExecutor(ThreadPoolExecutor):
    """A thread pool that leaves some work to whoever submits it: see `next_inline`."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """See base class."""
        waiting = _INLINE.get()
        if not waiting:
            return super().submit(fn, *args, **kwargs)
        waiting.clear()
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done
