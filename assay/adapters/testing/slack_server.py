"""A Slack on loopback: the two methods of its Web API that Assay calls, with Slack's rules about messages.

It speaks the real protocol over a real socket, so slack-sdk is exercised as it is. Replies put into its queue
are answered first, one per request, which lets a test play refusals and outages.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from assay.adapters.testing.loopback import LoopbackServer

_MAX_BLOCKS = 50
_MAX_TEXT = {"header": 150, "section": 3_000}
_FIRST_TS = 1_700_000_000


@dataclass(frozen=True, slots=True)
class SlackReply:
    """An answer in place of the usual one.

    Attributes:
        error: Slack's code; None with a status that is not 200.
        after_posting: whether the message is taken all the same, as when an answer gets lost.
    """

    error: str | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    after_posting: bool = False


@dataclass(frozen=True, slots=True)
class PostedMessage:
    """A message that was taken.

    Attributes:
        channel: its id.
        ts: its place in the channel, and what replies name.
    """

    channel: str
    ts: str
    text: str
    blocks: Sequence[Mapping[str, Any]]
    thread_ts: str | None


class SlackServer:
    """The workspace, served by a thread of its own for the length of a `with` block; works once.

    Args:
        token: the one that is valid.
        channels: names → ids.
        port: 0 picks a free one.
    """

    def __init__(
        self,
        *,
        token: str = "xoxb-scripted",  # noqa: S107  (of a workspace that does not exist)
        channels: Mapping[str, str] | None = None,
        port: int = 0,
    ) -> None:
        self.token = token
        self.channels = dict(channels or {"#quality": "C0QUALITY"})
        self.messages: list[PostedMessage] = []
        self._replies: deque[SlackReply] = deque()
        routes = [Route(f"/api/{name}", handler, methods=["POST"]) for name, handler in self._methods()]
        self._server = LoopbackServer(Starlette(routes=routes), port=port)

    @property
    def base_url(self) -> str:
        """What ASSAY_SLACK_BASE_URL is set to."""
        return f"{self._server.origin}/api/"

    def enqueue(self, *replies: SlackReply) -> None:
        """Answer the next requests with these replies, in this order."""
        self._replies.extend(replies)

    def reset(self) -> None:
        """Forget the messages and the replies that still wait."""
        self.messages.clear()
        self._replies.clear()

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)

    def _methods(self) -> Sequence[tuple[str, Any]]:
        return (("chat.postMessage", self._post_message), ("auth.test", self._auth_test))

    async def _auth_test(self, request: Request) -> Response:
        if self._replies:
            return _scripted(self._replies.popleft())
        team = {"ok": True, "team": "Scripted Workspace", "team_id": "T0SCRIPTED", "user": "assay"}
        return JSONResponse(self._unauthorised(request) or team)

    async def _post_message(self, request: Request) -> Response:
        body = json.loads(await request.body())
        reply = self._replies.popleft() if self._replies else None
        if reply is not None and not reply.after_posting:
            return _scripted(reply)
        answer = self._unauthorised(request) or self._taken(body)
        return JSONResponse(answer) if reply is None else _scripted(reply)

    def _unauthorised(self, request: Request) -> dict[str, Any] | None:
        if request.headers.get("authorization") == f"Bearer {self.token}":
            return None
        return {"ok": False, "error": "invalid_auth"}

    def _taken(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Take a message, or say why not."""
        named = str(body.get("channel"))
        channel = named if named in self.channels.values() else self.channels.get(named)
        error = "channel_not_found" if channel is None else _problem(body.get("blocks", []))
        if error is not None or channel is None:
            return {"ok": False, "error": error}
        ts = f"{_FIRST_TS + len(self.messages)}.000100"
        thread_ts = body.get("thread_ts")
        if thread_ts is not None and thread_ts not in {message.ts for message in self.messages}:
            return {"ok": False, "error": "thread_not_found"}
        self.messages.append(PostedMessage(channel, ts, body.get("text", ""), body["blocks"], thread_ts))
        return {"ok": True, "channel": channel, "ts": ts}


def _problem(blocks: Sequence[Mapping[str, Any]]) -> str | None:
    """Slack's code for blocks that it does not take."""
    if len(blocks) > _MAX_BLOCKS:
        return "invalid_blocks"
    for block in blocks:
        text = block.get("text", {}).get("text")
        if text is not None and not 1 <= len(text) <= _MAX_TEXT.get(block["type"], len(text)):
            return "invalid_blocks"
    return "msg_blocks_too_long" if len(json.dumps(blocks, ensure_ascii=False)) > 12_000 else None


def _scripted(reply: SlackReply) -> Response:
    if reply.error is None:
        return Response("out of order", reply.status, dict(reply.headers), media_type="text/plain")
    return JSONResponse({"ok": False, "error": reply.error}, reply.status, dict(reply.headers))
