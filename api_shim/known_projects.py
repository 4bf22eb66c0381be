"""Projects that requests named before, remembered for a while."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from assay.contracts.access import Project
from assay.ports import AccessRepository

REMEMBERED_SECONDS = 60.0
"""How long a registry is not asked again; a token that is taken back works for this much longer."""

_MAX_LENGTH = 200


class KnownProjects:
    """Every request names its project, by token or by id, and nothing that it asks of it ever changes.

    Only projects that exist are remembered: a new one works at once, and made-up names take no memory.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[int | str, tuple[Project, float]] = {}

    async def by_token(self, token: str, access: AccessRepository) -> Project | None:
        """The project that an ingestion token writes to, or None.

        Raises:
            StoreUnavailable: the registry had to be asked and did not answer.
        """
        if len(token) > _MAX_LENGTH or not (token.isascii() and token.isprintable()):
            return None
        return await self._remembered(token, lambda: access.project_by_token(token))

    async def by_id(self, project_id: int, access: AccessRepository) -> Project | None:
        """One project, or None.

        Raises:
            StoreUnavailable: the registry had to be asked and did not answer.
        """
        return await self._remembered(project_id, lambda: access.project(project_id))

    async def _remembered(
        self, name: int | str, find: Callable[[], Awaitable[Project | None]]
    ) -> Project | None:
        now = self._clock()
        project, until = self._known.get(name, (None, now))
        if until > now:
            return project
        project = await find()
        if project is not None:
            self._known[name] = (project, now + REMEMBERED_SECONDS)
        return project
