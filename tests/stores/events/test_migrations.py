"""Schema migrations: once, in order, by any number of processes."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from uuid import UUID

import pytest

from assay.adapters.clickhouse import migrations, open_event_store
from assay.adapters.clickhouse.migrations import _statements
from assay.adapters.clickhouse.server import open_server
from assay.contracts.evaluation_batches import Place
from assay.contracts.events import EventRef
from assay.contracts.report_data import Window
from tests.stores.events.support import NOON, Backend, after, as_claimed, as_sent, claim, event
from tests.stores.events.verdicts import (
    HOUR,
    INSIDE,
    SINCE,
    SKIPPED,
    UNTIL,
    sentiment,
    verdict,
    window,
)

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


def test_a_store_that_had_events_gets_a_diary(
    server_url: str, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was there before has not arrived, but it is history, and it can be measured."""
    backend = Backend(open_server(f"{server_url}/had_events"))
    try:
        with monkeypatch.context() as older:
            events_alone = {"0001_events": migrations._migrations()["0001_events"]}
            older.setattr(migrations, "_migrations", lambda: events_alone)
            assert backend.store.migrate() == ["0001_events"]
        old = event(project, {"$ai_input": "x" * 98}, timestamp=after(-2))
        backend.store.insert([old])

        assert backend.store.migrate()[0] == "0002_evaluation_targets"
        new = event(project, {"$ai_input": "x" * 998}, timestamp=after(-1))
        backend.store.insert([new])

        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        arrived = backend.targets.arrivals(project, after=Place(ingested_at=epoch), limit=9)
        assert [(one.uuid, one.size) for one in arrived] == [(new.uuid, 1_002)]
        history = backend.targets.history(project, since=epoch, until=NOON, before=None, limit=9)
        assert [(one.uuid, one.size) for one in history] == [(new.uuid, 1_002), (old.uuid, 102)]
        until = datetime.now(UTC) + timedelta(seconds=1)
        stored = backend.targets.stored(project, after=Place(ingested_at=epoch), until=until, limit=9)
        assert [one.uuid for one in stored] == [old.uuid, new.uuid]
    finally:
        backend.store.close()


def test_a_store_that_had_verdicts_reports_them(
    server_url: str, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the times when they came, each once, whether the backfill runs once or again."""
    backend = Backend(open_server(f"{server_url}/had_verdicts"))
    try:
        with monkeypatch.context() as older:
            known = migrations._migrations()
            before = {name: sql for name, sql in known.items() if name < "0003"}
            older.setattr(migrations, "_migrations", lambda: before)
            assert backend.store.migrate() == sorted(before)
        judged = [verdict(project, True), verdict(project, False), verdict(project, None, properties=SKIPPED)]
        scored = sentiment(project, "negative", 0.7)
        backend.take(SINCE, *judged)
        backend.take(INSIDE, *judged, scored)  # what is not merged yet has its first copy still
        backend.take(INSIDE, event(project), verdict(project, properties={"$ai_evaluation_id": "none"}))

        assert backend.store.migrate()[0] == "0003_verdict_arrivals"
        expected = [
            ({"pass": 1, "fail": 1}, {judged[0].uuid: "Because.", judged[1].uuid: "Because."}),
            ({"negative": 1}, {scored.uuid: "Because."}),
        ]
        windows = [window(project, until=INSIDE), window(project, since=INSIDE)]
        assert [_reported(backend, one) for one in windows] == expected

        backend.connection.command("TRUNCATE TABLE schema_migrations")
        backend.store.migrate()
        assert [_reported(backend, one) for one in windows] == expected
        backend.take(UNTIL, verdict(project), judged[0])
        assert _reported(backend, window(project, since=UNTIL, until=UNTIL + HOUR))[0] == {"pass": 1}
    finally:
        backend.store.close()


def _reported(backend: Backend, of: Window) -> tuple[dict[str, int], dict[UUID, str]]:
    results = backend.report_data.results(of, true_is_failure=False, limit=9)
    counts = backend.report_data.outcome_counts(of, true_is_failure=False)
    return counts, {one.verdict_id: one.reasoning for one in results}


def test_a_second_run_of_every_statement_changes_nothing(backend: Backend, project: int) -> None:
    sent, one = event(project), claim(project)
    backend.store.insert([sent])
    backend.targets.claim([one])
    backend.connection.command("TRUNCATE TABLE schema_migrations")

    assert backend.store.migrate() == [name.removesuffix(".sql") for name in NAMES]
    later = event(project)
    backend.store.insert([later])

    start = Place(ingested_at=datetime(1970, 1, 1, tzinfo=UTC))
    arrived = backend.targets.arrivals(project, after=start, limit=9)
    assert [arrival.uuid for arrival in arrived] == [sent.uuid, later.uuid]
    assert as_claimed(backend.targets.claims_in(one.batch)) == [one]


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
