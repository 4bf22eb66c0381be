"""The secret of a provider key in its row: sealed, opened, sealed anew."""

from __future__ import annotations

from typing import TypedDict
from uuid import UUID

from pydantic import SecretStr

from assay.adapters.sql.sealing import CannotUnseal, Sealed, Sealer
from assay.adapters.sql.tables import ProviderKeyRow
from assay.contracts.provider_keys import OpenedKey, ProviderAccess, ProviderKey
from assay.domain.provider_keys import masked
from assay.errors import ProviderKeyUnreadable

SEALING_CONTEXT = b"assay provider key sealing v1"
"""What the registry's `Sealer` is made with. It seals integrations too, in places of their own."""


class SealedColumns(TypedDict):
    """The columns of a row that follow from the secret."""

    sealed: bytes
    sealed_with: str
    masked: str


def sealed_columns(sealer: Sealer, project_id: int, key_id: UUID, api_key: SecretStr) -> SealedColumns:
    """What is stored of a secret in the row of this key."""
    secret = api_key.get_secret_value()
    sealed = sealer.seal(secret, place=_place(project_id, key_id))
    return SealedColumns(sealed=sealed.box, sealed_with=sealed.key_id, masked=masked(secret))


def opened(sealer: Sealer, row: ProviderKeyRow, key: ProviderKey) -> OpenedKey:
    """The key in `row` with its secret.

    Raises:
        ProviderKeyUnreadable: no configured secret opens it.
    """
    try:
        secret = _secret(sealer, row)
    except CannotUnseal:
        raise ProviderKeyUnreadable(
            f"The provider key {row.id} cannot be decrypted here: add the secret that it was stored under to"
            " ASSAY_SECRET_KEYS, or store the key again."
        ) from None
    access = ProviderAccess(
        provider=row.provider,
        api_key=SecretStr(secret),
        azure_endpoint=row.azure_endpoint,
        api_version=row.api_version,
    )
    return OpenedKey(key=key, access=access)


def seal_anew(sealer: Sealer, row: ProviderKeyRow) -> bool:
    """Encrypt the secret in `row` under the first key; False if it does not open.

    The version of the row stays, for calls are made with the same key as before.
    """
    try:
        secret = _secret(sealer, row)
    except CannotUnseal:
        return False
    row.sealed_with, row.sealed = sealer.seal(secret, place=_place(row.project_id, row.id))
    return True


def _secret(sealer: Sealer, row: ProviderKeyRow) -> str:
    return sealer.unseal(Sealed(row.sealed_with, row.sealed), place=_place(row.project_id, row.id))


def _place(project_id: int, key_id: UUID) -> bytes:
    """What a box is bound to: moved to another row or project, it does not open."""
    return f"{project_id}/{key_id}".encode()
