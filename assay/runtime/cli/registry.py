"""The registry, as operators' commands use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from assay.adapters.sql import SqlRegistry, migrate, open_registry
from assay.errors import SetupError
from assay.runtime.data_dir import prepare
from assay.runtime.secrets import load_secrets
from assay.runtime.settings import Settings, load_settings


@asynccontextmanager
async def operators_registry() -> AsyncIterator[SqlRegistry]:
    """The registry; a running server may use it at the same time.

    Raises:
        SetupError: there is none, or it is still empty; says what to do. Nothing is made then.
    """
    _require_folder(load_settings())
    settings = prepared_settings()
    if settings.database_url is None:
        # Embedded, the schema belongs to whoever is here; a shared one is changed by `assay migrate` alone.
        await migrate(settings.registry_url)
    registry = open_registry(settings.registry_url, secrets=load_secrets(settings))
    try:
        await registry.access.first_user()
        yield registry
    finally:
        await registry.close()


def prepared_settings() -> Settings:
    """The settings, with a data folder that is there."""
    settings = load_settings()
    return settings.model_copy(update={"data_dir": prepare(settings.data_dir)})


def _require_folder(settings: Settings) -> None:
    """See that somebody has begun here: in another folder, a command would make a second, empty installation.

    Raises:
        SetupError: nobody has.
    """
    if settings.database_url is None and not settings.registry_file.exists():
        raise SetupError(
            f"There is no registry in {settings.data_dir.absolute()}: run `assay dev` or `assay migrate`"
            " once, or set ASSAY_DATA_DIR to the folder that has one."
        )
