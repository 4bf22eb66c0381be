"""Open a ClickHouse server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NoReturn
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error, OperationalError

from assay.adapters.clickhouse.connection import Connection
from assay.adapters.clickhouse.statement_settings import (
    MINIMUM_VERSION,
    STATEMENT_SECONDS,
    STATEMENT_SETTINGS,
)
from assay.errors import SetupError, StoreUnavailable

_CONNECTIONS = 8
"""Statements that one process has in flight; the size of the driver's connection pool."""

_CONNECT_SECONDS = 5
_ACCESS_DENIED = 497
_AUTHENTICATION_FAILED = 516


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """The parts of `http(s)://user:password@host:port/database`."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    user: str
    password: str
    database: str

    @property
    def place(self) -> str:
        """Host and port: what an error may show."""
        return f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, url: str) -> ServerAddress:
        """Read a URL; missing parts take ClickHouse's own defaults.

        Raises:
            SetupError: it is not such a URL. The detail does not repeat it, since it may hold a password.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            _refuse_url()
        scheme: Literal["http", "https"] = "https" if parts.scheme == "https" else "http"
        database = unquote(parts.path.removeprefix("/")) or "default"
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or "/" in database:
            _refuse_url()
        return cls(
            scheme=scheme,
            host=parts.hostname,
            port=port or (8443 if scheme == "https" else 8123),
            user=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            database=database,
        )


def _refuse_url() -> NoReturn:
    raise SetupError(
        "The URL of the ClickHouse server must look like http://user:password@host:8123/database "
        "(or https://…); other protocols and parameters are not supported."
    )


def open_server(url: str) -> Connection:
    """A ClickHouse server; its database is made if it is missing.

    Raises:
        SetupError: the URL is malformed, or the server is too old, refuses the user or lacks the database.
        StoreUnavailable: the server does not answer.
    """
    address = ServerAddress.parse(url)
    client = _connect(address)
    try:
        _require_version(client, address)
        _use_database(client, address)
        for name, value in STATEMENT_SETTINGS.items():
            client.set_client_setting(name, value)
    except Error as error:
        client.close()
        raise _not_opened(address, error) from error
    except SetupError:
        client.close()
        raise
    return Connection([client] * _CONNECTIONS)


def _connect(address: ServerAddress) -> Client:
    try:
        return clickhouse_connect.get_client(
            interface=address.scheme,
            host=address.host,
            port=address.port,
            username=address.user,
            password=address.password,
            compress=True,
            connect_timeout=_CONNECT_SECONDS,
            send_receive_timeout=STATEMENT_SECONDS + _CONNECT_SECONDS,
            # Statements of one session exclude each other on the server.
            autogenerate_session_id=False,
            dedicated_pool=True,
            tz_mode="aware",
        )
    except Error as error:
        raise _not_opened(address, error) from error


def _not_opened(address: ServerAddress, error: Error) -> SetupError | StoreUnavailable:
    if error.code == _AUTHENTICATION_FAILED:
        return SetupError(f"The ClickHouse server at {address.place} refuses the user {address.user}.")
    if error.code == _ACCESS_DENIED:
        return SetupError(
            f"The ClickHouse server at {address.place} does not let the user {address.user} "
            f"use or create the database {address.database}."
        )
    if isinstance(error, OperationalError) or error.code is not None:
        return StoreUnavailable(f"The ClickHouse server at {address.place} does not answer as it should.")
    return SetupError(f"The ClickHouse server at {address.place} cannot be used: {error}.")


def _require_version(client: Client, address: ServerAddress) -> None:
    if not client.min_version(MINIMUM_VERSION):
        raise SetupError(
            f"The ClickHouse server at {address.place} is version {client.server_version}; "
            f"Assay needs {MINIMUM_VERSION} or newer."
        )


def _use_database(client: Client, address: ServerAddress) -> None:
    name = {"name": address.database}
    exists = client.query("SELECT 1 FROM system.databases WHERE name = {name:String}", parameters=name)
    if not exists.result_rows:
        client.command("CREATE DATABASE IF NOT EXISTS {name:Identifier}", parameters=name)
    client.database = address.database
