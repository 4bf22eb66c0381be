"""A headless Chromium, spoken to over its DevTools protocol; nothing but Chromium itself is needed.

The browser reaches loopback addresses only, keeps its profile in a folder of its own and is ended by its
process group.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_START_SECONDS = 30
_ANSWER_SECONDS = 30
_MEGABYTES_OF_A_PICTURE = 32


def chromium() -> str | None:
    """The path of the browser; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@dataclass
class Tab:
    """One tab.

    Attributes:
        requested: every address that the tab asked for.
        complaints: what the browser wrote to the console, such as breaches of the page's policy.
    """

    connection: ClientConnection
    session: str
    requested: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: count(1000))

    async def open(self, address: str, *, width: int, dark: bool = False, height: int = 900) -> None:
        """Load a page as a window of that width shows it, and wait until it stands."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.send("Emulation.setDeviceMetricsOverride", **size)
        await self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.requested.clear()
        self.complaints.clear()
        await self.send("Page.navigate", url=address)
        async with asyncio.timeout(_ANSWER_SECONDS):
            while (await self._message()).get("method") != "Page.loadEventFired":
                pass

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = await self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def screenshot(self) -> bytes:
        """The whole page as a PNG."""
        answer = await self.send("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(answer["data"])

    async def printed(self) -> bytes:
        """The page as a PDF, as it is printed."""
        return base64.b64decode((await self.send("Page.printToPDF"))["data"])

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Give a command and wait for its answer."""
        number = next(self._ids)
        await self.connection.send(
            json.dumps({"id": number, "method": method, "params": parameters, "sessionId": self.session})
        )
        async with asyncio.timeout(_ANSWER_SECONDS):
            while (message := await self._message()).get("id") != number:
                pass
        assert "result" in message, message
        result: dict[str, Any] = message["result"]
        return result

    async def _message(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.connection.recv())
        parameters = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requested.append(parameters["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(parameters["entry"]["text"])
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(parameters))
        return message


@asynccontextmanager
async def browser_tab(folder: Path) -> AsyncIterator[Tab]:
    """A tab of a new browser, whose profile is kept in `folder`."""
    program = chromium()
    assert program is not None
    process = await asyncio.create_subprocess_exec(
        program,
        "--headless=new",
        "--no-sandbox",  # tests run as root in containers
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-extensions",
        "--disable-sync",
        "--no-first-run",
        "--no-proxy-server",
        "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        address = await _debugger(folder / "DevToolsActivePort", process)
        async with connect(address, max_size=_MEGABYTES_OF_A_PICTURE * 2**20, proxy=None) as connection:
            yield await _new_tab(connection)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _debugger(file: Path, process: asyncio.subprocess.Process) -> str:
    """Where the browser takes commands, which it writes into its profile once it does."""
    async with asyncio.timeout(_START_SECONDS):
        while not (file.exists() and len(lines := file.read_text().splitlines()) == 2):
            assert process.returncode is None, "the browser ended"
            await asyncio.sleep(0.02)
    return f"ws://127.0.0.1:{lines[0]}{lines[1]}"


async def _new_tab(connection: ClientConnection) -> Tab:
    ids = count(1)

    async def command(method: str, **parameters: Any) -> dict[str, Any]:
        number = next(ids)
        await connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (message := json.loads(await connection.recv())).get("id") != number:
            pass
        result: dict[str, Any] = message["result"]
        return result

    target = await command("Target.createTarget", url="about:blank")
    attached = await command("Target.attachToTarget", targetId=target["targetId"], flatten=True)
    tab = Tab(connection, attached["sessionId"])
    for domain in ("Page", "Network", "Log", "Runtime"):
        await tab.send(f"{domain}.enable")
    return tab
