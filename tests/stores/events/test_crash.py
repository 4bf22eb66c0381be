"""A process that is killed while it inserts has lost nothing that it acknowledged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

WRITE = """
import sys
from itertools import count
from pathlib import Path
from uuid import UUID
from assay.adapters.clickhouse import open_event_store
from tests.stores.events.support import event
store = open_event_store(url=None, path=Path(sys.argv[1]))
store.migrate()
size = int(sys.argv[2])
for batch in count():
    events = [
        event(1, {"$ai_trace_id": "t", "$ai_input": "x" * 2000}, uuid=UUID(int=batch * size + n))
        for n in range(size)
    ]
    store.insert(events)
    print(batch, flush=True)
"""

READ = """
import sys
from pathlib import Path
from assay.adapters.clickhouse import open_event_store
store = open_event_store(url=None, path=Path(sys.argv[1]))
assert store.migrate() == []
for found in store.trace(1, "t", limit=10**9):
    assert found.properties["$ai_input"] == "x" * 2000
    print(found.uuid)
store.close()
"""


@pytest.mark.parametrize("size", [1, 200])
def test_acknowledged_events_survive_a_kill(tmp_path: Path, size: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITE, str(tmp_path), str(size)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if int(line) == 40:
                writer.kill()
        acknowledged = int(line) + 1

    reader = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )

    found = [UUID(line).int for line in reader.stdout.split()]
    assert len(found) == len(set(found))
    assert set(range(acknowledged * size)) <= set(found)
