"""The secrets that sign API keys and links, and encrypt what must be read again."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from assay.domain.signed_links import PageLinks
from assay.errors import SetupError
from assay.runtime.settings import Settings


def load_secrets(settings: Settings) -> tuple[str, ...]:
    """The operator's secrets, or the one generated for the embedded mode.

    Returns:
        At least one secret; the first is used for new signatures, all verify old ones (rotation).

    Raises:
        SetupError: the registry is shared (PostgreSQL) and no secret is configured; each process would
            make up its own.
    """
    if settings.secret_keys is not None:
        parts = settings.secret_keys.get_secret_value().split(",")
        given = tuple(part.strip() for part in parts if part.strip())
        if not given:
            raise SetupError("ASSAY_SECRET_KEYS is empty: set it to one or more comma-separated secrets.")
        if any(len(part) < 16 for part in given):
            raise SetupError("ASSAY_SECRET_KEYS: each secret needs at least 16 characters.")
        return given
    if settings.database_url is not None:
        raise SetupError(
            "ASSAY_SECRET_KEYS must be set together with ASSAY_DATABASE_URL: "
            "every process needs the same secret."
        )
    return (_generated(settings.data_dir / "secret"),)


def page_links(settings: Settings) -> PageLinks:
    """What signs and checks links to the pages of runs; the same in every process.

    Raises:
        SetupError: as `load_secrets`.
    """
    return PageLinks(load_secrets(settings), public_url=settings.public_url)


def _generated(path: Path) -> str:
    """Read the generated secret, making it on the first start; readable by its owner only."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        secret = path.read_text().strip()
        if not secret:
            raise SetupError(f"{path} is empty: restore it, or delete it (API keys become void).") from None
        return secret
    secret = secrets.token_urlsafe(32)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    return secret
