"""Which project an ingestion token writes to, remembered for a while."""

from __future__ import annotations

from collections.abc import Callable

from assay.contracts.access import Project
from assay.ports import AccessRepository

REMEMBERED_SECONDS = 60.0
"""How long a registry is not asked again; a token that is taken back works for this much longer."""

_MAX_LENGTH = 200


class ProjectTokens:
    """Every capture request names its project by token, and asking the registry costs more than the rest.

    Only tokens that are valid are remembered: a new project works at once, and made-up tokens take no memory.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[Project, float]] = {}

    async def project(
        self, token: str, access: AccessRepository, clock: Callable[[], float]
    ) -> Project | None:
        """The project of a token, or None.

        Args:
            clock: seconds, monotonic.

        Raises:
            StoreUnavailable: the registry had to be asked and did not answer.
        """
        now = clock()
        project, until = self._known.get(token, (None, now))
        if until > now:
            return project
        if len(token) > _MAX_LENGTH or not (token.isascii() and token.isprintable()):
            return None
        project = await access.project_by_token(token)
        if project is not None:
            self._known[token] = (project, now + REMEMBERED_SECONDS)
        return project
