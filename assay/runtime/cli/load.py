"""`assay load`: send a JSONL file of events to a running API, with progress, resumable."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID, uuid5

import click
import httpx
import orjson
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from assay.adapters.sql import open_registry
from assay.errors import SetupError
from assay.runtime.data_dir import prepare
from assay.runtime.secrets import load_secrets
from assay.runtime.settings import Settings, load_settings

_NAMESPACE = UUID("0a0c9d0e-6b61-5a0f-8a58-1b1f7c6f2d31")
_BATCH_EVENTS = 500
_BATCH_BYTES = 4 * 1024 * 1024
_FINGERPRINT_BYTES = 64 * 1024
_RETRY_SECONDS = 60.0
_REASONS_SHOWN = 20


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--host", help="Base URL of the API. Default: ASSAY_HOST and ASSAY_PORT.")
@click.option("--token", help="Ingestion token. Default: that of --project, from the registry.")
@click.option("--project", default=1, show_default=True, help="Project whose token is looked up.")
@click.option("--restart", is_flag=True, help="Start over instead of going on where the last load stopped.")
def load(file: Path, host: str | None, token: str | None, project: int, restart: bool) -> None:
    """Send FILE, one JSON event a line as SDKs send them, to a running API.

    A load that was interrupted goes on where it stopped. Lines without a `uuid` get one made from their
    content and place, so sending a line again makes no second event.

    \b
    Example:
      assay load traces.jsonl
      assay load traces.jsonl --host https://assay.example.com --token phc_…
    """
    settings = load_settings()
    settings = settings.model_copy(update={"data_dir": prepare(settings.data_dir)})
    base_url = (host or f"http://{settings.host}:{settings.port}").rstrip("/")
    chosen = token or _token(settings, project)
    progress = _resume(settings.data_dir, file, base_url, restart=restart)
    _send_file(file, base_url, chosen, progress)
    _report(progress)


@dataclass(slots=True)
class _Position:
    """How far a load has come; written after every acknowledged batch."""

    path: Path
    fingerprint: str
    started_at: str
    offset: int = 0
    line: int = 0
    accepted: int = 0
    refused: int = 0
    reasons: list[str] = field(default_factory=list)

    def save(self) -> None:
        state = asdict(self) | {"path": str(self.path)}
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps(state))
        temporary.replace(self.path)

    def refuse(self, line: int, reason: str) -> None:
        self.refused += 1
        if len(self.reasons) < _REASONS_SHOWN:
            self.reasons.append(f"line {line}: {reason}")


@dataclass(slots=True)
class _Batch:
    """Consecutive lines and where the file goes on behind them."""

    events: list[dict[str, Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    unreadable: list[tuple[int, str]] = field(default_factory=list)
    size: int = 0
    end_offset: int = 0
    end_line: int = 0


def _token(settings: Settings, project_id: int) -> str:
    async def look_up() -> str:
        registry = open_registry(settings.registry_url, secrets=load_secrets(settings))
        try:
            project = await registry.access.project(project_id)
        finally:
            await registry.close()
        if project is None:
            raise SetupError(f"There is no project {project_id}: give --token, or another --project.")
        return project.token

    return asyncio.run(look_up())


def _resume(data_dir: Path, file: Path, base_url: str, *, restart: bool) -> _Position:
    folder = data_dir / "loads"
    folder.mkdir(exist_ok=True)
    name = hashlib.sha256(f"{file.resolve()}\n{base_url}".encode()).hexdigest()[:32]
    path = folder / f"{name}.json"
    fingerprint = _fingerprint(file)
    started_at = datetime.now(UTC).isoformat()
    if path.exists():
        state = json.loads(path.read_text())
        if state["fingerprint"] == fingerprint:
            # Lines without a timestamp keep the one of the first load, and so their identity.
            started_at = state["started_at"]
            if not restart and state["offset"] < file.stat().st_size:
                click.echo(f"Going on behind line {state['line']} ({state['accepted']} events so far).")
                return _Position(**state | {"path": path})
    return _Position(path=path, fingerprint=fingerprint, started_at=started_at)


def _fingerprint(file: Path) -> str:
    """Tells a file from another that took its name; a file that only grew is still the same."""
    with file.open("rb") as opened:
        first_line = opened.readline(_FINGERPRINT_BYTES)
    return hashlib.sha256(first_line).hexdigest()


def _send_file(file: Path, base_url: str, token: str, position: _Position) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[events]} events"),
        TimeRemainingColumn(),
    )
    with (
        file.open("rb") as opened,
        httpx.Client(base_url=base_url, timeout=60) as client,
        Progress(*columns) as bar,
    ):
        opened.seek(position.offset)
        task = bar.add_task(
            file.name, total=file.stat().st_size, completed=position.offset, events=position.accepted
        )
        for batch in _batches(opened, position):
            _send(client, token, batch, position)
            position.offset, position.line = batch.end_offset, batch.end_line
            position.save()
            bar.update(task, completed=position.offset, events=position.accepted)


def _batches(opened: BinaryIO, position: _Position) -> Iterator[_Batch]:
    batch, line = _Batch(), position.line
    offset = position.offset
    for raw in opened:
        if batch.events and batch.size + len(raw) > _BATCH_BYTES:
            yield batch
            batch = _Batch()
        line += 1
        offset += len(raw)
        if raw.strip():
            _add_line(batch, raw, line, position)
        batch.end_offset, batch.end_line = offset, line
        if len(batch.events) >= _BATCH_EVENTS:
            yield batch
            batch = _Batch()
    if batch.end_offset:
        yield batch


def _add_line(batch: _Batch, raw: bytes, line: int, position: _Position) -> None:
    try:
        event = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        batch.unreadable.append((line, f"not JSON ({error})"))
        return
    if not isinstance(event, dict):
        batch.unreadable.append((line, "not a JSON object"))
        return
    if not event.get("uuid"):
        event["uuid"] = str(uuid5(_NAMESPACE, f"{line}\n{hashlib.sha256(raw.strip()).hexdigest()}"))
    if not event.get("timestamp"):
        event["timestamp"] = position.started_at
    batch.events.append(event)
    batch.lines.append(line)
    batch.size += len(raw)


def _send(client: httpx.Client, token: str, batch: _Batch, position: _Position) -> None:
    for line, reason in batch.unreadable:
        position.refuse(line, reason)
    if not batch.events:
        return
    answer = _post(client, {"api_key": token, "batch": batch.events})
    refused = answer.get("refused", [])
    for item in refused:
        position.refuse(batch.lines[item["index"]], item["reason"])
    position.accepted += len(batch.events) - len(refused)


def _post(client: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    """Send one batch, waiting out an API that is restarting.

    Raises:
        SetupError: the API refuses the request as a whole, or stays away.
    """
    content = orjson.dumps(body)
    deadline, pause = time.monotonic() + _RETRY_SECONDS, 0.25
    while True:
        try:
            response = client.post("/batch/", content=content, headers={"Content-Type": "application/json"})
        except httpx.TransportError as error:
            problem = f"{client.base_url} does not answer ({type(error).__name__}): is `assay dev` running?"
        else:
            answer = _json_object(response)
            if response.status_code == httpx.codes.OK or "refused" in answer:
                return answer
            problem = f"{client.base_url} answered {response.status_code}: {answer.get('detail', '')}"
            if response.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                raise SetupError(problem)
        if time.monotonic() > deadline:
            raise SetupError(problem)
        time.sleep(pause)
        pause = min(pause * 2, 5.0)


def _json_object(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _report(position: _Position) -> None:
    counts = f"{position.accepted} events accepted, {position.refused} refused"
    click.echo(f"{counts}, {position.line} lines read.")
    for reason in position.reasons:
        click.echo(f"  {reason}", err=True)
    if position.refused > len(position.reasons):
        click.echo(f"  … and {position.refused - len(position.reasons)} more", err=True)
    if position.refused:
        raise SystemExit(1)
