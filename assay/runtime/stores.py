"""Open the stores that the settings name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from assay.adapters.clickhouse import (
    ClickHouseClusteringArtefacts,
    ClickHouseClusteringSources,
    ClickHouseEmbeddings,
    ClickHouseEvaluationTargets,
    ClickHouseEventStore,
    ClickHouseGenerationInputs,
    ClickHouseJudgedRuns,
    ClickHouseReportData,
    ClickHouseTraces,
    ClickHouseWindowCandidates,
    open_event_store,
)
from assay.adapters.sql import BootstrapResult, SqlRegistry, bootstrap, migrate, open_registry
from assay.runtime.secrets import load_secrets
from assay.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Stores:
    """Open stores.

    Attributes:
        targets, report_data, judged_runs, traces, candidates, inputs, embeddings, clustering_sources,
            clustering_artefacts: kept in the event store, through the same connection.
    """

    registry: SqlRegistry
    events: ClickHouseEventStore
    targets: ClickHouseEvaluationTargets
    report_data: ClickHouseReportData
    judged_runs: ClickHouseJudgedRuns
    traces: ClickHouseTraces
    candidates: ClickHouseWindowCandidates
    inputs: ClickHouseGenerationInputs
    embeddings: ClickHouseEmbeddings
    clustering_sources: ClickHouseClusteringSources
    clustering_artefacts: ClickHouseClusteringArtefacts

    @classmethod
    def of(cls, registry: SqlRegistry, events: ClickHouseEventStore) -> Stores:
        """All stores, on an open registry and an open event store."""
        connection = events.connection
        return cls(
            registry=registry,
            events=events,
            targets=ClickHouseEvaluationTargets(connection),
            report_data=ClickHouseReportData(connection),
            judged_runs=ClickHouseJudgedRuns(connection),
            traces=ClickHouseTraces(connection),
            candidates=ClickHouseWindowCandidates(connection),
            inputs=ClickHouseGenerationInputs(connection),
            embeddings=ClickHouseEmbeddings(connection),
            clustering_sources=ClickHouseClusteringSources(connection),
            clustering_artefacts=ClickHouseClusteringArtefacts(connection),
        )


@asynccontextmanager
async def open_stores(settings: Settings) -> AsyncIterator[Stores]:
    """The registry and the event store, closed at the end of the block.

    Raises:
        SetupError: a setting names a store that cannot be opened.
    """
    registry = open_registry(settings.registry_url, secrets=load_secrets(settings))
    try:
        events = await asyncio.to_thread(_open_events, settings)
        try:
            yield Stores.of(registry, events)
        finally:
            await asyncio.to_thread(events.close)
    finally:
        await registry.close()


async def migrate_stores(settings: Settings, stores: Stores) -> BootstrapResult:
    """Bring both schemas up to date and make sure that there is an organisation, a user and project 1."""
    await asyncio.gather(migrate(settings.registry_url), asyncio.to_thread(stores.events.migrate))
    return await bootstrap(
        stores.registry,
        api_key=_reveal(settings.init_api_key),
        project_token=_reveal(settings.init_project_token),
        user_email=settings.init_user_email,
        ai_consent=settings.init_ai_consent,
    )


def _open_events(settings: Settings) -> ClickHouseEventStore:
    if settings.clickhouse_url is not None:
        return open_event_store(url=settings.clickhouse_url.get_secret_value(), path=None)
    return open_event_store(url=None, path=settings.data_dir / "events")


def _reveal(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
