"""Who calls, and may they: authentication, scopes, access to the project."""

from __future__ import annotations

import re

from starlette.requests import Request

from api_shim.bodies import Payload
from api_shim.known_projects import KnownProjects
from assay.contracts.access import Principal, Project
from assay.errors import AuthenticationFailed, NotAuthenticated, NotFound, PermissionDenied
from assay.ports import AccessRepository

_BEARER = re.compile(r"Bearer\s+(\S.*)", re.IGNORECASE)
_KEY_FIELD = "personal_api_key"
_CURRENT = "@current"
_PROJECT_ID = re.compile(r"[0-9]{1,10}")
_MAX_PROJECT_ID = 2**31 - 1


async def authenticate(request: Request, payload: Payload, access: AccessRepository) -> Principal:
    """The caller behind the API key of the request.

    The key is looked for in the `Authorization` header, then in the body, then in the query; only the
    first one found is tried.

    Raises:
        NotAuthenticated: there is no key.
        AuthenticationFailed: the key is unknown or revoked.
    """
    key, place = await _find_key(request, payload)
    if key is None:
        raise NotAuthenticated("Authentication credentials were not provided.")
    principal = await access.authenticate(key)
    if principal is None:
        raise AuthenticationFailed(f"The personal API key found in {place} is invalid.")
    return principal


async def _find_key(request: Request, payload: Payload) -> tuple[str | None, str]:
    if bearer := _BEARER.fullmatch(request.headers.get("authorization", "").strip()):
        return bearer[1], "Authorization header"
    in_body = await payload.field(_KEY_FIELD)
    if in_body is not None:
        return str(in_body), "body"
    return request.query_params.get(_KEY_FIELD), "query string"


def require_scope(principal: Principal, scope: str) -> None:
    """Check that the key grants `scope`, for example `evaluation:read`; write implies read.

    Raises:
        PermissionDenied: it does not.
    """
    sufficient = {"*", scope, scope.removesuffix(":read") + ":write"}
    if sufficient.isdisjoint(principal.scopes):
        raise PermissionDenied(f"This API key lacks the scope '{scope}'.")


async def accessible_project(
    reference: str, principal: Principal, known: KnownProjects, access: AccessRepository
) -> Project:
    """The project that the path names, by id or as `@current`.

    Raises:
        NotFound: there is no such project.
        PermissionDenied: the key is limited to others, or the caller is not a member.
    """
    project_id = _project_id(reference, principal)
    project = None if project_id is None else await known.by_id(project_id, access)
    if project is None:
        raise NotFound("Project not found.")
    if principal.project_ids is not None and project.id not in principal.project_ids:
        raise PermissionDenied(f"This API key has no access to the project with ID {project.id}.")
    if project.organization_id not in principal.organization_ids:
        raise PermissionDenied("You are not a member of the organization of this project.")
    return project


def require_project_admin(principal: Principal, project: Project) -> None:
    """Check that the caller is an owner or admin of the project's organisation.

    Raises:
        PermissionDenied: the caller is an ordinary member.
    """
    if project.organization_id not in principal.admin_organization_ids:
        raise PermissionDenied("Only admins of the project may do this.")


def _project_id(reference: str, principal: Principal) -> int | None:
    if reference == _CURRENT:
        return principal.current_project_id
    if not _PROJECT_ID.fullmatch(reference):
        return None
    project_id = int(reference)
    return project_id if project_id <= _MAX_PROJECT_ID else None
