"""Encryption at rest of secrets that Assay must be able to read again."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from assay.errors import SetupError

_KEY_BYTES = 32
_NONCE_BYTES = 12
_KEY_ID_BYTES = 8
_KEY_ID_CONTEXT = b"assay key id v1"


class Sealed(NamedTuple):
    """A secret as it is stored.

    Attributes:
        key_id: which key opens it, 16 hexadecimal digits.
        box: nonce, ciphertext and tag.
    """

    key_id: str
    box: bytes


class CannotUnseal(Exception):
    """No configured secret opens the box, or it was sealed for another place."""


class Sealer:
    """Authenticated encryption (AES-256-GCM) under keys that are derived from the operator's secrets.

    A box is bound to the place it is stored in: copied to another row, it does not open. Nonces are random;
    at 96 bits, that is safe for 2**32 boxes per secret (NIST SP 800-38D §8.3).

    Args:
        secrets_in_order: the first seals, all open.
        context: separates this use of the secrets from their other uses. Changing it loses what is stored.

    Raises:
        SetupError: there is no secret.
    """

    def __init__(self, secrets_in_order: Sequence[str], *, context: bytes) -> None:
        if not secrets_in_order:
            raise SetupError("Nothing can be encrypted: set at least one secret key.")
        keys = [_derived(secret, context) for secret in secrets_in_order]
        self.current_key_id = _key_id(keys[0])
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Ids of all keys that open boxes."""
        return tuple(self._ciphers)

    def seal(self, secret: str, *, place: bytes) -> Sealed:
        """Encrypt under the first key.

        Args:
            place: names where the box will be stored; `unseal` needs the same.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        box = self._ciphers[self.current_key_id].encrypt(nonce, secret.encode(), place)
        return Sealed(self.current_key_id, nonce + box)

    def unseal(self, sealed: Sealed, *, place: bytes) -> str:
        """Decrypt.

        Raises:
            CannotUnseal: the key is not known, the box was altered or belongs to another place.
        """
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise CannotUnseal("No configured secret made this key.")
        try:
            opened = cipher.decrypt(sealed.box[:_NONCE_BYTES], sealed.box[_NONCE_BYTES:], place)
        except (InvalidTag, ValueError):
            raise CannotUnseal("The box was altered, or it belongs to another place.") from None
        return opened.decode()


def _derived(secret: str, context: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=context).derive(secret.encode())


def _key_id(key: bytes) -> str:
    """A fingerprint of a derived key: it tells keys apart and gives nothing away about the secret."""
    return hmac.digest(key, _KEY_ID_CONTEXT, "sha256")[:_KEY_ID_BYTES].hex()
