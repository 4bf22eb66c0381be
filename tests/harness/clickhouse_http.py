"""A stand-in for a ClickHouse server: its HTTP interface in front of the embedded engine.

It runs as a process of its own, so several processes of a test can share one event store through the
driver's ordinary HTTP client, as they do in production::

    python -m tests.harness.clickhouse_http --port 0 --path DIR

prints its port and serves until its standard input ends, so it cannot outlive the test that started it.
It knows what the driver sends: statements in the body, the URL or a form, `param_*` bindings, settings and
`database` in the URL, inserted data in any format after the statement, compressed bodies, basic
authentication. It holds no sessions and compresses no answers.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import gzip
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import chdb
import lz4.frame
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

NOT_SETTINGS = frozenset(
    {
        "query",
        "database",
        "query_id",
        "session_id",
        "session_timeout",
        "wait_end_of_query",
        "client_protocol_version",
        "enable_http_compression",
        "send_progress_in_http_headers",
        "http_headers_progress_interval_ms",
    }
)
"""URL parameters that the HTTP interface itself consumes; all others are settings or bindings."""


def lz4_decompress(data: bytes) -> bytes:
    """The content of all frames; the driver sends one per block."""
    parts = []
    while data:
        frame = lz4.frame.LZ4FrameDecompressor()
        parts.append(frame.decompress(data))
        if not frame.eof:
            raise EOFError("the last frame is incomplete")
        data = frame.unused_data or b""
    return b"".join(parts)


DECOMPRESS = {"": bytes, "identity": bytes, "gzip": gzip.decompress, "lz4": lz4_decompress}

INSERT_WITH_DATA = re.compile(rb"\s*(INSERT\s+INTO\s+[^;]+?)\s+FORMAT\s+(\w+)[ \t]*\n", re.IGNORECASE)


def quoted(text: str, mark: str) -> str:
    """Text as an identifier (mark is a backtick) or a literal (an apostrophe)."""
    return mark + text.replace("\\", "\\\\").replace(mark, f"\\{mark}") + mark


class ClickHouseError(Exception):
    """An error as ClickHouse words it: `Code: N. DB::Exception: …`."""


@dataclass
class Engine:
    """Handles on the embedded engine, kept by what was set on them, each used by one request at a time."""

    path: Path
    _idle: dict[tuple[Any, ...], list[Any]] = field(default_factory=lambda: defaultdict(list))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(
        self, statement: bytes, *, database: str, settings: Mapping[str, str], bindings: Mapping[str, str]
    ) -> Any:
        """The engine's result of one statement, with inserted data behind it if there is any."""
        insert = INSERT_WITH_DATA.match(statement)
        with self._handle(database, settings) as handle:
            if insert is None:
                return handle.query(statement.decode(), "TabSeparated", params=dict(bindings))
            target, data_format = insert[1].decode(), insert[2].decode()
            with tempfile.NamedTemporaryFile(suffix=".data") as file:
                file.write(statement[insert.end() :])
                file.flush()
                return handle.query(
                    f"{target} FROM INFILE '{file.name}' FORMAT {data_format}", "TabSeparated"
                )

    @contextmanager
    def _handle(self, database: str, settings: Mapping[str, str]) -> Iterator[Any]:
        key = (database, *sorted(settings.items()))
        with self._lock:
            handle = self._idle[key].pop() if self._idle[key] else None
        try:
            if handle is None:
                handle = chdb.connect(str(self.path))
                handle.query(f"USE {quoted(database, '`')}")
                for name, value in settings.items():
                    handle.query(f"SET {name} = {quoted(value, "'")}")
            yield handle
        except RuntimeError as error:
            raise ClickHouseError(str(error)) from error
        with self._lock:
            self._idle[key].append(handle)


@dataclass(frozen=True)
class Account:
    """The only user, and whether it may create databases."""

    user: str
    password: str
    creates_databases: bool

    def refusal(self, request: Request, statement: bytes) -> str | None:
        """Why this request is refused, if it is."""
        kind, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(encoded).decode() if kind == "Basic" else "default:"
        except binascii.Error:
            given = ""
        if given != f"{self.user}:{self.password}":
            return "Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)"
        if not self.creates_databases and statement.startswith(b"CREATE DATABASE"):
            return "Code: 497. DB::Exception: Not enough privileges. (ACCESS_DENIED)"
        return None


def build_app(engine: Engine, account: Account) -> Starlette:
    """The HTTP interface."""

    async def execute(request: Request) -> Response:
        parameters = dict(request.query_params)
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            parameters |= {name: str(value) for name, value in (await request.form()).items()}
            body = b""
        else:
            try:
                body = DECOMPRESS[request.headers.get("content-encoding", "")](await request.body())
            except (RuntimeError, OSError, EOFError) as error:
                return error_response(f"Code: 271. DB::Exception: {error}. (CANNOT_DECOMPRESS)")
        statement = b"\n".join(part for part in (parameters.get("query", "").encode(), body) if part)
        refusal = account.refusal(request, statement)
        if refusal is not None:
            return error_response(refusal)
        bindings = {
            name.removeprefix("param_"): value
            for name, value in parameters.items()
            if name.startswith("param_")
        }
        settings = {
            name: value
            for name, value in parameters.items()
            if name not in NOT_SETTINGS and not name.startswith("param_")
        }
        database = parameters.get("database", "default")
        try:
            result = await run_in_threadpool(
                engine.run, statement, database=database, settings=settings, bindings=bindings
            )
        except ClickHouseError as error:
            return error_response(str(error))
        return result_response(statement, result)

    async def ping(_: Request) -> Response:
        return PlainTextResponse("Ok.\n")

    return Starlette(
        routes=[Route("/ping", ping), Route("/", execute, methods=["GET", "POST"])],
    )


def error_response(message: str) -> Response:
    """ClickHouse's answer to a statement that failed."""
    code = re.search(r"Code: (\d+)", message)
    return PlainTextResponse(
        message,
        status_code=403 if code and code[1] in ("497", "516") else 500,
        headers={"X-ClickHouse-Exception-Code": code[1] if code else "1002"},
    )


def result_response(statement: bytes, result: Any) -> Response:
    """ClickHouse's answer to a statement that succeeded."""
    rows = str(result.rows_read())
    written = rows if statement.lstrip()[:6].upper() == b"INSERT" else "0"
    headers = {
        "X-ClickHouse-Summary": json.dumps({"read_rows": rows, "written_rows": written}),
        "X-ClickHouse-Timezone": "UTC",
    }
    body = result.bytes() or b""
    if body:
        output_format = re.search(rb"\bFORMAT\s+(\w+)\s*$", statement, re.IGNORECASE)
        headers["X-ClickHouse-Format"] = output_format[1].decode() if output_format else "TabSeparated"
    return Response(body, media_type="application/octet-stream", headers=headers)


@contextmanager
def clickhouse_server(path: Path, *options: str) -> Iterator[str]:
    """A running stand-in server; yields its URL without a database.

    Args:
        path: folder of its data.
        options: more command line options.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "tests.harness.clickhouse_http", "--path", str(path), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def main() -> None:
    """See the module docstring."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--user", default="default")
    parser.add_argument("--password", default="")
    parser.add_argument("--deny-create-database", action="store_true")
    options = parser.parse_args()

    engine = Engine(options.path)
    engine.run(b"SELECT 1", database="default", settings={}, bindings={})
    account = Account(options.user, options.password, not options.deny_create_database)
    config = uvicorn.Config(build_app(engine, account), log_level="warning", access_log=False)
    server = uvicorn.Server(config)

    def stop_with_parent() -> None:
        sys.stdin.read()
        server.should_exit = True

    with socket.create_server(("127.0.0.1", options.port)) as listener:
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        threading.Thread(target=stop_with_parent, daemon=True).start()
        server.run(sockets=[listener])


if __name__ == "__main__":
    main()
