"""The organisation's consent to third-party AI processing, for whoever knows the project alone."""

from __future__ import annotations

from assay.ports import AccessRepository


async def has_ai_consent(access: AccessRepository, project_id: int) -> bool:
    """Whether texts of a project may leave the installation; those of one that is gone may not.

    Raises:
        StoreUnavailable: the registry did not answer.
    """
    project = await access.project(project_id)
    organization = None if project is None else await access.organization(project.organization_id)
    return organization is not None and organization.ai_consent
