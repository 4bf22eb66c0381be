"""Model processes for tests, real ones and such as misbehave."""

from __future__ import annotations

import asyncio
import itertools
import os
import ssl
import sys
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr

from assay.adapters.llm import Endpoints, HouseAccess, ModelProcess
from assay.adapters.llm.process import COMMAND
from assay.contracts.evaluations import Provider
from assay.contracts.models import ModelMessage, ModelRequest
from assay.contracts.provider_keys import ProviderAccess
from tests.adapters.llm.conftest import SECRET

VERDICT = '{"reasoning": "Fine.", "verdict": true}'
NOWHERE = "http://127.0.0.1:9/v1"


def a_request(prompt: str = "429", **changes: Any) -> ModelRequest:
    request = ModelRequest(
        provider=Provider.OPENAI,
        model="gpt-5-mini",
        messages=(ModelMessage(role="system", content="Judge."), ModelMessage(role="user", content=prompt)),
        schema_name="verdict",
        json_schema={"type": "object"},
        timeout_seconds=30,
    )
    return request.model_copy(update=changes)


FOR_AZURE = a_request(provider=Provider.AZURE_OPENAI)


class Running:
    """A model process, and which processes of the system are it.

    Attributes:
        model: asks models.
    """

    def __init__(
        self, url: str, command: Sequence[str], outbound_allow: str, environment: Mapping[str, str]
    ) -> None:
        self._mark = uuid.uuid4().hex
        house = {Provider.OPENAI: HouseAccess(SecretStr(SECRET), url)}
        self.model = ModelProcess(
            Endpoints(house, {}),
            outbound_allow=outbound_allow,
            environment=environment,
            command=(*command, self._mark),
        )

    @property
    def pids(self) -> list[int]:
        """Of the processes that are there, zombies not."""
        found = [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]
        return [pid for pid in found if self._mark in command_line(pid)]

    @property
    def pid(self) -> int:
        """Of the one process."""
        [pid] = self.pids
        return pid


@asynccontextmanager
async def running(
    url: str = NOWHERE,
    *,
    command: Sequence[str] = COMMAND,
    outbound_allow: str = "",
    environment: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Running]:
    """A model process with house access to OpenAI at some address."""
    made = Running(url, command, outbound_allow, environment)
    try:
        yield made
    finally:
        await made.model.close()


def python(code: str) -> tuple[str, ...]:
    """A command that executes a program in place of the real one."""
    return (sys.executable, "-I", "-c", code)


def command_line(pid: int) -> str:
    """Of a process; nothing if it is gone."""
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_text()
    except OSError:
        return ""


def azure(origin: str) -> ProviderAccess:
    """A project's key, which leads to any address."""
    return ProviderAccess(
        provider=Provider.AZURE_OPENAI, api_key=SecretStr("a project's"), azure_endpoint=origin
    )


def is_there(pid: int) -> bool:
    """Whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return command_line(pid) != ""  # else it is a zombie


class Sluice:
    """A model endpoint that answers nobody until as many have asked as it waits for.

    Attributes:
        origin: where it is.
        asked: how many have asked so far.
        left: how many closed their connection before they had an answer.
    """

    def __init__(self, waits_for: float) -> None:
        self._waits_for = waits_for
        self._open = asyncio.Event()
        self._numbers = itertools.count(1)
        self.asked = self.left = 0
        self.origin = ""

    @classmethod
    @asynccontextmanager
    async def serving(cls, waits_for: float, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Sluice]:
        """For the length of the block; with TLS, `localhost` is who it is."""
        sluice = cls(waits_for)
        listening = await asyncio.start_server(sluice._answer, "127.0.0.1", 0, ssl=tls)
        async with listening:
            host = "http://127.0.0.1" if tls is None else "https://localhost"
            sluice.origin = f"{host}:{listening.sockets[0].getsockname()[1]}"
            yield sluice

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.splitlines()[1:] if line)
        await reader.readexactly(int(fields[b"content-length"]))
        self.asked += 1
        if self.asked >= self._waits_for:
            self._open.set()
        leaving = asyncio.create_task(reader.read())
        opening = asyncio.create_task(self._open.wait())
        await asyncio.wait([leaving, opening], return_when=asyncio.FIRST_COMPLETED)
        self.left += leaving.done()
        for task in (leaving, opening):
            task.cancel()
        body = (
            b'{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
            b'"finish_reason":"stop","message":{"role":"assistant","content":"%d"}}]}' % next(self._numbers)
        )
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n")
        writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)
        writer.close()
