"""Objects that appear inside the answers of several resources."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from assay.contracts.access import User
from assay.contracts.wire import ResponseModel


class UserBasic(ResponseModel):
    """A person, as `created_by` shows one."""

    id: int
    uuid: UUID
    distinct_id: str | None
    first_name: str
    last_name: str
    email: str
    is_email_verified: bool | None
    hedgehog_config: None = None
    role_at_organization: str | None

    @classmethod
    def of(cls, user: User | None) -> UserBasic | None:
        """The representation of `user`; None for a user who was removed."""
        return None if user is None else _user_basic(user)


@lru_cache(256)
def _user_basic(user: User) -> UserBasic:
    """Lists show the same few people again and again."""
    return UserBasic(
        id=user.id,
        uuid=user.uuid,
        distinct_id=user.distinct_id,
        first_name=user.first_name,
        last_name=user.last_name,
        email=user.email,
        is_email_verified=user.is_email_verified,
        role_at_organization=user.role_at_organization,
    )
