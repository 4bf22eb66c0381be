"""The event store of a stopped engine, row by row, as nobody but a test looks at it.

Usage: python -m tests.chaos.ledger FOLDER   (chDB owns its folder and its process, so this is one)
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client

_CAPTURED = """
SELECT project_id, toString(uuid) AS uuid, any(toString(properties.tier)) AS tier,
       toUnixTimestamp64Micro(min(ingested_at)) / 1e6 AS stored
FROM events WHERE event = '$ai_generation' GROUP BY project_id, uuid
"""

_VERDICTS = """
SELECT project_id, toString(uuid) AS uuid, evaluation_id, target_id AS target,
       ifNull(toString(properties.`$ai_evaluation_skip_reason`), '') AS skip_reason, model,
       toUnixTimestamp64Micro(ingested_at) / 1e6 AS stored
FROM events {final} WHERE event = '$ai_evaluation'
"""

_CLAIMS = """
SELECT toString(evaluation_id) AS evaluation_id, toString(target) AS target, version, dispatch_id, batch
FROM evaluation_targets FINAL
"""

_QUERIES = {
    "captured": _CAPTURED,
    "rows": _VERDICTS.format(final=""),
    "verdicts": _VERDICTS.format(final="FINAL"),
    "claims": _CLAIMS,
}


@dataclass(frozen=True)
class Ledger:
    """What is stored.

    Attributes:
        captured: generations, each once.
        rows: verdict events as they lie there, rewritten ones included.
        verdicts: verdict events as the engine reads them.
        claims: which targets were claimed for which evaluation.
    """

    captured: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    verdicts: list[dict[str, Any]]
    claims: list[dict[str, Any]]


def ledger_of(data_dir: Path) -> Ledger:
    """The ledger in the folder of an embedded engine that has stopped."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.ledger", str(data_dir / "events")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in _QUERIES}
        for line in process.stdout:
            name, row = json.loads(line)
            found[name].append(row)
    if process.returncode:
        raise RuntimeError(f"the event store cannot be read ({process.returncode})")
    return Ledger(**found)


def ledger_at(clickhouse_url: str) -> Ledger:
    """The ledger in a server."""
    address = urlsplit(clickhouse_url)
    client = clickhouse_connect.get_client(
        host=address.hostname, port=address.port or 0, username="default", database=address.path[1:]
    )
    try:
        return Ledger(**{name: list(client.query(sql).named_results()) for name, sql in _QUERIES.items()})
    finally:
        client.close()


def _rows(client: Client) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, sql in _QUERIES.items():
        for row in client.query(sql).named_results():
            yield name, row


def main(write: Callable[[str], object] = sys.stdout.write) -> None:
    """See the module docstring."""
    client = clickhouse_connect.get_client(interface="chdb", path=sys.argv[1])
    for name, row in _rows(client):
        write(json.dumps([name, row]) + "\n")
    client.close()


if __name__ == "__main__":
    main()
