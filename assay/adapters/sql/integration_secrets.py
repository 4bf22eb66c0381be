"""The token of an integration in its row: sealed, opened, sealed anew."""

from __future__ import annotations

from pydantic import SecretStr

from assay.adapters.sql.provider_key_secrets import SealedColumns
from assay.adapters.sql.sealing import CannotUnseal, Sealed, Sealer
from assay.adapters.sql.tables import IntegrationRow
from assay.contracts.integrations import IntegrationKind
from assay.domain.provider_keys import masked
from assay.errors import ProviderKeyUnreadable


def sealed_columns(
    sealer: Sealer, project_id: int, kind: IntegrationKind, name: str, token: SecretStr
) -> SealedColumns:
    """What is stored of a token in the row of this integration."""
    secret = token.get_secret_value()
    sealed = sealer.seal(secret, place=_place(project_id, kind, name))
    return SealedColumns(sealed=sealed.box, sealed_with=sealed.key_id, masked=masked(secret))


def opened(sealer: Sealer, row: IntegrationRow) -> SecretStr:
    """The token in `row`.

    Raises:
        ProviderKeyUnreadable: no configured secret opens it.
    """
    try:
        return SecretStr(_secret(sealer, row))
    except CannotUnseal:
        raise ProviderKeyUnreadable(
            f"The token of integration {row.id} cannot be decrypted here: add the secret that it was stored"
            " under to ASSAY_SECRET_KEYS, or add the integration again."
        ) from None


def seal_anew(sealer: Sealer, row: IntegrationRow) -> bool:
    """Encrypt the token in `row` under the first key; False if it does not open."""
    try:
        secret = _secret(sealer, row)
    except CannotUnseal:
        return False
    row.sealed_with, row.sealed = sealer.seal(secret, place=_place(row.project_id, row.kind, row.name))
    return True


def _secret(sealer: Sealer, row: IntegrationRow) -> str:
    place = _place(row.project_id, row.kind, row.name)
    return sealer.unseal(Sealed(row.sealed_with, row.sealed), place=place)


def _place(project_id: int, kind: IntegrationKind, name: str) -> bytes:
    """What a box is bound to: moved to another row or project, it does not open.

    Kind and name stand for the id, which a new row gets only when the box is made. No place of a provider
    key begins like this.
    """
    return f"integration/{project_id}/{kind}/{name}".encode()
