"""Senders of many different keys must not use up the process's open files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WRITE_AND_MERGE = """
import os, random, resource, sys
from pathlib import Path
from threading import Event, Thread
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
from assay.adapters.clickhouse.embedded import open_embedded
from tests.stores.events.support import Backend, event
backend = Backend(open_embedded(Path(sys.argv[1])))
backend.store.migrate()
done = Event()
counts = []
def watch():
    while not done.wait(0.002):
        counts.append(len(os.listdir("/dev/fd")))
watcher = Thread(target=watch)
watcher.start()
randomness = random.Random(1)
names = [randomness.randbytes(4).hex() for _ in range(400)]
values = [1, "x", 1.5, [1], ["a"], [{"b": 1}]]
def properties():
    light = {name: randomness.choice(values) for name in randomness.sample(names, 10)}
    return light | {"$ai_input": randomness.randbytes(1500).hex()}
for _ in range(4):
    backend.store.insert([event(1, properties()) for _ in range(1000)])
backend.connection.command("OPTIMIZE TABLE events FINAL")
done.set()
watcher.join()
[part] = backend.connection.query("SELECT part_type FROM system.parts WHERE table = 'events' AND active")
print(part["part_type"], max(counts), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
backend.store.close()
"""


def test_open_files_do_not_grow_with_keys(tmp_path: Path) -> None:
    merged = subprocess.run(
        [sys.executable, "-c", WRITE_AND_MERGE, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    part_type, most, limit = merged.stdout.split()
    assert part_type == "Wide"  # one file set per column: the kind of part that large tables consist of
    assert int(most) < 700
    assert int(limit) > 256
