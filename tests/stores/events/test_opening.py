"""Opening a store: what works, and a clear sentence for what does not."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from assay.adapters.clickhouse import open_event_store
from assay.adapters.clickhouse.server import ServerAddress, open_server
from assay.contracts.events import EventRef
from assay.errors import SetupError, StoreUnavailable
from tests.harness.clickhouse_http import clickhouse_server
from tests.stores.events.support import Backend, as_sent, event

IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from assay.adapters.clickhouse import open_event_store
from assay.errors import SetupError
try:
    open_event_store(url=None, path=Path(sys.argv[1]))
except SetupError as error:
    print(error.detail)
"""


def test_a_full_url() -> None:
    address = ServerAddress.parse("https://an%40n:s%2Fcret@db.example:9443/traces")

    assert address == ServerAddress("https", "db.example", 9443, "an@n", "s/cret", "traces")


@pytest.mark.parametrize(("scheme", "port"), [("http", 8123), ("https", 8443)])
@pytest.mark.parametrize("end", ["", "/"])
def test_a_short_url(scheme: str, port: int, end: str) -> None:
    address = ServerAddress.parse(f"{scheme}://db{end}")

    assert (address.port, address.user, address.password, address.database) == (
        port,
        "default",
        "",
        "default",
    )


@pytest.mark.parametrize(
    "url",
    [
        "clickhouse://user:secret@host/db",
        "user:secret@host:8123/db",
        "http://user:secret@:8123/db",
        "http://user:secret@host:port/db",
        "http://user:secret@host/db/table",
        "http://user:secret@host/db?verify=0",
        "",
    ],
)
def test_another_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SetupError, match="must look like http://user:password@host:8123/database") as refused:
        open_event_store(url=url, path=None)

    assert "secret" not in refused.value.detail


def test_neither_url_nor_folder() -> None:
    with pytest.raises(SetupError):
        open_event_store(url=None, path=None)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]

    with pytest.raises(StoreUnavailable, match=f"127.0.0.1:{port}"):
        open_event_store(url=f"http://user:secret@127.0.0.1:{port}/db", path=None)


def test_the_database_is_made(server_url: str, project: int) -> None:
    with_hyphen = f"{server_url}/a-new%2Ddatabase"
    store = open_event_store(url=with_hyphen, path=None)
    try:
        store.migrate()
        sent = event(project)
        store.insert([sent])
    finally:
        store.close()

    again = open_event_store(url=with_hyphen, path=None)
    try:
        assert again.migrate() == []
        assert as_sent(again.find_event(EventRef.of(sent))) == sent
    finally:
        again.close()


def test_a_server_that_refuses(tmp_path: Path) -> None:
    options = ["--user", "ann", "--password", "s:cret", "--deny-create-database"]
    with clickhouse_server(tmp_path, *options) as url:
        place = url.removeprefix("http://")

        with pytest.raises(SetupError, match="refuses the user bob"):
            open_server(f"http://bob:s%3Acret@{place}/default")
        with pytest.raises(SetupError, match="refuses the user ann"):
            open_server(f"http://ann:wrong@{place}/default")
        with pytest.raises(SetupError, match="does not let the user ann use or create the database other"):
            open_server(f"http://ann:s%3Acret@{place}/other")
        open_server(f"http://ann:s%3Acret@{place}/default").close()


def test_an_old_server(server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.adapters.clickhouse.server.MINIMUM_VERSION", "99.1")

    with pytest.raises(SetupError, match=r"needs 99\.1 or newer"):
        open_server(f"{server_url}/default")


def test_a_folder_has_one_process(embedded: Backend, embedded_folder: Path) -> None:
    embedded.store.ping()

    second = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS, str(embedded_folder)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    assert "is open in another process" in second.stdout
    assert str(embedded_folder) in second.stdout
    embedded.store.ping()


def test_a_process_has_one_folder(embedded: Backend, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="this process has another one open"):
        open_event_store(url=None, path=tmp_path)

    embedded.store.ping()


def test_a_process_may_open_one_folder_twice(embedded: Backend, embedded_folder: Path, project: int) -> None:
    second = open_event_store(url=None, path=embedded_folder)
    sent = event(project)
    second.insert([sent])
    second.close()

    assert as_sent(embedded.store.find_event(EventRef.of(sent))) == sent


@pytest.mark.parametrize("bad", ["a?b", "file/events"])
def test_a_folder_that_cannot_be_used(tmp_path: Path, bad: str) -> None:
    (tmp_path / "file").touch()

    opened = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS, str(tmp_path / bad)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    assert str(tmp_path / bad) in opened.stdout


@pytest.mark.parametrize("kind", ["embedded", "server"])
def test_a_closed_store_is_unavailable(
    embedded: Backend, embedded_folder: Path, server_url: str, kind: str
) -> None:
    url = f"{server_url}/default" if kind == "server" else None
    store = open_event_store(url=url, path=embedded_folder)
    store.ping()
    store.close()
    store.close()

    with pytest.raises(StoreUnavailable, match="closed"):
        store.ping()
    embedded.store.ping()
