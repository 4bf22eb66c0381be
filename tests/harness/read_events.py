"""Print the events of a data folder as JSON lines; a process of its own, since chDB owns its folder.

Usage: python -m tests.harness.read_events DATA_DIR EVENT_NAME
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_QUERY = """
SELECT uuid, event, distinct_id, timestamp, properties
FROM events FINAL WHERE event = {event:String} ORDER BY timestamp, uuid
"""


def read_events(data_dir: Path, event: str) -> list[dict[str, Any]]:
    """The stored events of one kind of a stopped engine."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.harness.read_events", str(data_dir), event],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> None:
    import clickhouse_connect

    folder, event = sys.argv[1:]
    client = clickhouse_connect.get_client(interface="chdb", path=str(Path(folder) / "events"))
    for row in client.query(_QUERY, parameters={"event": event}).named_results():
        sys.stdout.write(json.dumps(row, default=str) + "\n")
    client.close()


if __name__ == "__main__":
    main()
