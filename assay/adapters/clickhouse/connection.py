"""Statements and blocks to ClickHouse, from any thread, with the errors of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clickhouse_connect.driver.client import Client

from assay.adapters.clickhouse.failures import driver_errors
from assay.adapters.clickhouse.pool import Pool


class Connection:
    """An open store: the embedded engine or a server, which look the same from here.

    Args:
        clients: see `Pool`.
    """

    def __init__(self, clients: Sequence[Client]) -> None:
        self._pool = Pool(clients)

    def query(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """Rows of a SELECT by column name; instants are aware.

        Args:
            sql: every value in it is a `{name:Type}` placeholder.
            parameters: values of the placeholders.

        Raises:
            StoreUnavailable: the store did not answer in time, or at all.
        """
        with driver_errors(), self._pool.borrow() as client:
            return list(client.query(sql, parameters=parameters).named_results())

    def command(self, sql: str, **parameters: Any) -> None:
        """Run a statement that answers nothing.

        Args:
            sql, parameters: see `query`.

        Raises:
            StoreUnavailable: it was not run, or not to its end.
        """
        with driver_errors(), self._pool.borrow() as client:
            client.command(sql, parameters=parameters)

    def insert(self, table: str, types: Mapping[str, str], columns: Sequence[Sequence[Any]]) -> None:
        """Write one block; it is stored when this returns.

        Args:
            types: column name → ClickHouse type.
            columns: the values of each column, in the order of `types`.

        Raises:
            EventsRejected: the store refuses a value; nothing is written.
            StoreUnavailable: nothing is known to be written; the same block may be sent again.
        """
        with driver_errors(inserting=True), self._pool.borrow() as client:
            client.insert(
                table,
                columns,
                column_names=list(types),
                column_type_names=list(types.values()),
                column_oriented=True,
            )

    def close(self) -> None:
        """Release the engine's folder or the server's connections."""
        self._pool.close()
