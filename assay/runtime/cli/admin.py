"""Commands for operators: schema, API keys, projects, the organisation."""

from __future__ import annotations

import asyncio
from uuid import UUID

import click

from assay.adapters.sql import rotate_secrets as rotate_registry_secrets
from assay.errors import SetupError
from assay.runtime.cli.registry import operators_registry, prepared_settings
from assay.runtime.data_dir import owned
from assay.runtime.settings import Settings, external_temporal
from assay.runtime.stores import migrate_stores, open_stores
from assay.runtime.temporal_client import connect_external
from assay.temporal.search_attributes import register


@click.command()
def migrate() -> None:
    """Bring both schemas up to date, make the first project and register Temporal search attributes.

    Safe to repeat, and safe when several machines do it at once.

    \b
    Example:
      assay migrate
    """
    asyncio.run(_migrate())


@click.group()
def keys() -> None:
    """Manage API keys, and the secrets that keys are kept with.

    \b
    Example:
      assay keys create --project 1 --scopes "evaluation:read evaluation:write" --label ci
    """


@keys.command("create")
@click.option("--project", type=int, required=True, help="Project that the key is limited to.")
@click.option("--scopes", required=True, help='Scopes, separated by blanks or commas; "*" grants everything.')
@click.option("--label", default="", help="What the key is for.")
def create_key(project: int, scopes: str, label: str) -> None:
    """Make a key and print it, alone, this once.

    \b
    Example:
      assay keys create --project 1 --scopes "evaluation:read evaluation:write" --label ci
    """
    granted = scopes.replace(",", " ").split()
    _check_scopes(granted)
    asyncio.run(_create_key(project, granted, " ".join(label.split())))


@keys.command("list")
def list_keys() -> None:
    """List the keys that are not revoked.

    \b
    Example:
      assay keys list
    """
    asyncio.run(_list_keys())


@keys.command("revoke")
@click.argument("key_id", type=click.UUID)
def revoke_key(key_id: UUID) -> None:
    """Revoke the key with this id; it stops working at once.

    \b
    Example:
      assay keys revoke 0199d0a5-5a5e-7cc1-8e63-6f1c1f3b2a10
    """
    asyncio.run(_revoke_key(key_id))


@keys.command("rotate-secrets")
def rotate_secrets() -> None:
    """Encrypt projects' provider keys and integrations under the first of ASSAY_SECRET_KEYS.

    Run it when every process has the new secret, and has it in front: afterwards none of them needs the
    older secrets. API keys still do: those made under an older secret are void once it leaves the list.
    Safe to repeat, to interrupt, and while servers run.

    \b
    Example:
      assay keys rotate-secrets
    """
    asyncio.run(_rotate_secrets())


@click.group()
def projects() -> None:
    """Manage projects.

    \b
    Example:
      assay projects create "Support bot"
    """


@projects.command("create")
@click.argument("name")
def create_project(name: str) -> None:
    """Make a project and print its id; its ingestion token goes to stderr.

    \b
    Example:
      assay projects create "Support bot"
    """
    if not name.strip():
        raise click.BadParameter("must not be blank", param_hint="NAME")
    asyncio.run(_create_project(name.strip()))


@click.group()
def org() -> None:
    """Manage the organisation.

    \b
    Example:
      assay org consent --ai on
    """


@org.command("consent")
@click.option("--ai", type=click.Choice(["on", "off"]), required=True, help="Third-party AI processing.")
def consent(ai: str) -> None:
    """Record whether third-party models may process the organisation's data.

    \b
    Example:
      assay org consent --ai off
    """
    asyncio.run(_consent(ai == "on"))


def _check_scopes(scopes: list[str]) -> None:
    from api_shim.app import RESOURCES

    if not scopes:
        raise click.BadParameter("at least one scope is needed", param_hint="--scopes")
    objects = sorted({resource.scope for resource in RESOURCES})
    for scope in scopes:
        name, _, access = scope.partition(":")
        if scope != "*" and not (name in objects and access in ("read", "write")):
            raise click.BadParameter(
                f"{scope!r} is not `<object>:read`, `<object>:write` or `*`; objects: {', '.join(objects)}",
                param_hint="--scopes",
            )


async def _migrate() -> None:
    settings = prepared_settings()
    if settings.embedded_events:
        with owned(settings.data_dir):
            await _migrate_stores(settings)
    else:
        await _migrate_stores(settings)
    external = external_temporal()
    if external is not None:
        added = await register(await connect_external(external))
        click.echo(f"Search attributes added: {', '.join(added) or 'none missing'}.")


async def _migrate_stores(settings: Settings) -> None:
    async with open_stores(settings) as stores:
        result = await migrate_stores(settings, stores)
    click.echo(f"Registry and event store are up to date; project {result.project.id} exists.")
    if result.new_api_key is not None:
        click.echo(f"API key (shown this once): {result.new_api_key}")


async def _create_key(project: int, scopes: list[str], label: str) -> None:
    async with operators_registry() as registry:
        if await registry.access.project(project) is None:
            raise SetupError(f"There is no project {project}: `assay projects create NAME` makes one.")
        _, secret = await registry.access.create_key(project_id=project, scopes=scopes, label=label)
    click.echo(secret)


async def _list_keys() -> None:
    async with operators_registry() as registry:
        for key in await registry.access.list_keys():
            limits = "all projects" if key.project_ids is None else f"projects {list(key.project_ids)}"
            used = key.last_used_at.isoformat() if key.last_used_at else "never used"
            click.echo(f"{key.id}  {key.label or '-'}  {' '.join(key.scopes)}  {limits}  {used}")


async def _revoke_key(key_id: UUID) -> None:
    async with operators_registry() as registry:
        if not await registry.access.revoke_key(key_id):
            raise SetupError(f"There is no API key {key_id}: `assay keys list` shows the ids.")
    click.echo(f"Revoked {key_id}.")


async def _rotate_secrets() -> None:
    async with operators_registry() as registry:
        rotation = await rotate_registry_secrets(registry)
    click.echo(
        "Provider keys and integrations encrypted under the first secret:"
        f" {rotation.done}; left: {rotation.left}."
    )
    if rotation.left:
        raise SetupError(
            "Some provider keys or integrations are not under the first secret. Either a process that does"
            " not know it yet has stored them: restart it and run this again. Or they were altered in the"
            " database: have them stored again."
        )


async def _create_project(name: str) -> None:
    async with operators_registry() as registry:
        project = await registry.access.create_project(name)
    click.echo(project.id)
    click.echo(f"Ingestion token: {project.token}", err=True)


async def _consent(approved: bool) -> None:
    async with operators_registry() as registry:
        organization = await registry.access.set_ai_consent(approved)
    click.echo(f"AI processing for {organization.name}: {'on' if organization.ai_consent else 'off'}.")
