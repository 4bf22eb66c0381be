"""Driver errors become errors of the catalogue."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from assay.adapters.clickhouse.failures import BAD_VALUE_CODES
from assay.adapters.clickhouse.rows import INSERT_TYPES, to_block
from assay.adapters.clickhouse.server import open_server
from assay.contracts.events import EventRef
from assay.errors import EventsRejected, StoreUnavailable
from tests.harness.clickhouse_http import clickhouse_server
from tests.stores.events.support import Backend, as_sent, event


def test_a_value_that_the_store_refuses(backend: Backend, project: int) -> None:
    """Whatever reaches the engine and is refused there is the event's fault, and is not quoted."""
    block = to_block([event(project, {"$ai_input": "private"})])
    block[list(INSERT_TYPES).index("properties")] = ['{"private": ']

    with pytest.raises(EventsRejected, match="INCORRECT_DATA 117") as refused:
        backend.connection.insert("events", INSERT_TYPES, block)

    assert "private" not in str(refused.value)
    assert refused.value.__suppress_context__
    assert backend.select("uuid", project) == []


@pytest.mark.parametrize(("code", "name"), BAD_VALUE_CODES.items())
def test_codes_mean_what_the_engine_means(embedded: Backend, code: int, name: str) -> None:
    assert embedded.connection.query("SELECT errorCodeToName({code:Int32}) AS name", code=code) == [
        {"name": name}
    ]


def test_a_statement_that_fails(backend: Backend) -> None:
    with pytest.raises(StoreUnavailable, match="UNKNOWN_TABLE 60"):
        backend.connection.query("SELECT * FROM nowhere")
    with pytest.raises(StoreUnavailable, match="UNKNOWN_TABLE 60"):
        backend.connection.insert("nowhere", {"name": "String"}, [["x"]])


def test_a_statement_that_takes_too_long(backend: Backend) -> None:
    with pytest.raises(StoreUnavailable, match="TIMEOUT_EXCEEDED 159"):
        backend.connection.query(
            "SELECT max(sipHash64(number)) FROM system.numbers SETTINGS max_execution_time = 0.2"
        )


def test_every_statement_has_a_time_limit(backend: Backend) -> None:
    [row] = backend.connection.query("SELECT getSetting('max_execution_time') AS seconds")

    assert 0 < row["seconds"] <= 20


def test_a_server_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    sent = event(1, {"$ai_trace_id": "t"})
    with clickhouse_server(tmp_path, "--port", str(port)) as url:
        backend = Backend(open_server(f"{url}/assay"))
        backend.store.migrate()
        backend.store.insert([sent])

    with pytest.raises(StoreUnavailable):
        backend.store.ping()
    with pytest.raises(StoreUnavailable):
        backend.store.insert([event(1)])
    with pytest.raises(StoreUnavailable):
        backend.store.find_event(EventRef.of(sent))

    with clickhouse_server(tmp_path, "--port", str(port)):
        backend.store.ping()
        assert as_sent(backend.store.find_event(EventRef.of(sent))) == sent
        backend.store.close()
