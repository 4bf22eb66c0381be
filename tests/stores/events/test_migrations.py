"""Schema migrations: once, in order, by any number of processes."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.resources import files

from assay.adapters.clickhouse import open_event_store
from assay.adapters.clickhouse.migrations import _statements
from assay.contracts.events import EventRef
from tests.stores.events.support import Backend, as_sent, event

NAMES = sorted(file.name for file in (files("assay.adapters.clickhouse") / "schema").iterdir())

MIGRATE = """
import sys
from assay.adapters.clickhouse import open_event_store
store = open_event_store(url=sys.argv[1], path=None)
print("ready", flush=True)
sys.stdin.readline()
print(*store.migrate())
store.close()
"""


def test_files_are_numbered_without_gaps() -> None:
    assert NAMES
    for number, name in enumerate(NAMES, start=1):
        assert re.fullmatch(rf"{number:04d}_[a-z0-9_]+\.sql", name)


def test_migrations_are_applied_once(server_url: str) -> None:
    store = open_event_store(url=f"{server_url}/migrated_once", path=None)
    try:
        assert store.migrate() == [name.removesuffix(".sql") for name in NAMES]
        assert store.migrate() == []
    finally:
        store.close()


def test_events_survive_a_second_migration(backend: Backend, project: int) -> None:
    sent = event(project)
    backend.store.insert([sent])

    assert backend.store.migrate() == []
    assert as_sent(backend.store.find_event(EventRef.of(sent))) == sent


def test_a_migration_that_was_cut_short_is_finished(server_url: str) -> None:
    """A process that dies after the statements and before the record leaves everything to do again."""
    store = open_event_store(url=f"{server_url}/cut_short", path=None)
    try:
        names = store.migrate()
        store._connection.command("TRUNCATE TABLE schema_migrations")

        assert store.migrate() == names
        assert store.migrate() == []
    finally:
        store.close()


def test_processes_may_migrate_at_once(server_url: str, project: int) -> None:
    url = f"{server_url}/together"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=30)[0].split() for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0]
    expected = [name.removesuffix(".sql") for name in NAMES]
    assert all(answer in ([], expected) for answer in answers)
    assert expected in answers
    store = open_event_store(url=url, path=None)
    try:
        assert store.migrate() == []
        store.insert([event(project)])
    finally:
        store.close()


def test_a_file_may_hold_several_statements() -> None:
    sql = "-- a; comment\nCREATE TABLE a (x String DEFAULT ';b');\n\nDROP TABLE b; \nDROP TABLE c"

    assert _statements(sql) == [
        "-- a; comment\nCREATE TABLE a (x String DEFAULT ';b')",
        "DROP TABLE b",
        "DROP TABLE c",
    ]
