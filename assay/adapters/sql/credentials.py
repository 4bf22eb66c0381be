"""Secrets that callers hold, and the hashes that the registry keeps instead of API keys."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence

from assay.errors import SetupError

_SECRET_BYTES = 32
_API_KEY_CONTEXT = b"assay api key hash v1"
"""Separates this use of a secret from its other uses. Changing it would lock every key out."""


def new_api_key() -> str:
    """A fresh API key, `phx_` and 32 random bytes in base64url."""
    return "phx_" + secrets.token_urlsafe(_SECRET_BYTES)


def new_ingestion_token() -> str:
    """A fresh ingestion token, `phc_` and 32 random bytes in base64url."""
    return "phc_" + secrets.token_urlsafe(_SECRET_BYTES)


class KeyHasher:
    """Keyed hashes (HMAC-SHA256) of API keys.

    Keys are random, so a slow password hash would add nothing; the secret makes a stolen table useless
    even for keys that an operator chose badly. A hash stays bound to the secret that made it: keep a
    retired secret in the list for as long as keys made with it are in use.

    Args:
        secrets_in_order: the first makes new hashes, all are tried when a key is looked up.

    Raises:
        SetupError: there is no secret, or an empty one.
    """

    def __init__(self, secrets_in_order: Sequence[str]) -> None:
        if not secrets_in_order or not all(secrets_in_order):
            raise SetupError("API keys cannot be stored: set at least one secret key, and no empty one.")
        self._hashing_keys = [
            hmac.digest(secret.encode(), _API_KEY_CONTEXT, "sha256") for secret in secrets_in_order
        ]

    def hash(self, api_key: str) -> str:
        """What is stored of a new key: 64 hexadecimal digits."""
        return self.candidates(api_key)[0]

    def candidates(self, api_key: str) -> list[str]:
        """What may be stored of this key, one hash for each secret."""
        # A header or JSON body can hold lone surrogates; such a text is nobody's key, but not an error.
        message = api_key.encode(errors="surrogatepass")
        return [hmac.new(key, message, "sha256").hexdigest() for key in self._hashing_keys]
