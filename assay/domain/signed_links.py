"""Links that open the page of one run to whoever holds them, for a while.

A link is `/{page}/{run}?expires={seconds}&signature={hex}`: the signature is an HMAC-SHA256 of all that
stands before it. Nothing is stored: a link ends when its time is over, or when the secret that signed it is
taken out of the list of secrets.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from assay.errors import SetupError

LINK_LIFETIME = timedelta(days=30)
"""How long a link in a message works, from when the run was made."""

_CONTEXT = b"assay report link v1"
"""Separates this use of a secret from its other uses. Changing it ends every link. (The first page was that
of reports; a link opens no page but its own because its path is signed with it.)"""

_SECONDS = re.compile(r"[1-9][0-9]{0,10}")
"""Of the Unix epoch, in the one way that they are written: up to the year 5138."""


class Page(StrEnum):
    """Pages that links lead to; the value is the first part of their path."""

    REPORT = "reports"
    """A run of an evaluation report."""
    CLUSTERS = "clusters"
    """A run of a clustering job."""


class LinkCheck(StrEnum):
    """What a link is worth."""

    VALID = "valid"
    EXPIRED = "expired"
    """It was ours, and its time is over."""
    FORGED = "forged"
    """It was not made here, or was altered."""


class PageLinks:
    """Makes links to the pages of runs, and recognises its own.

    Args:
        secrets_in_order: the operator's secrets; the first signs, all verify (rotation).
        public_url: where people reach the API, `https://assay.example.com`; None: nobody was told, so
            messages hold no links.

    Raises:
        SetupError: there is no secret, or an empty one.
    """

    def __init__(self, secrets_in_order: Sequence[str], *, public_url: str | None = None) -> None:
        if not secrets_in_order or not all(secrets_in_order):
            raise SetupError("Links cannot be signed: set at least one secret key, and no empty one.")
        self._keys = [hmac.digest(secret.encode(), _CONTEXT, "sha256") for secret in secrets_in_order]
        self._public_url = None if public_url is None else public_url.rstrip("/")

    def sign(self, page: Page, run_id: UUID, expires: datetime) -> str:
        """The path and query of a link.

        Args:
            run_id: the only run that it opens.
            expires: when it stops working, after the epoch; aware. Parts of a second are cut off.
        """
        unsigned = _unsigned(page, run_id, str(int(expires.timestamp())))
        return f"{unsigned}&signature={_signature(self._keys[0], unsigned)}"

    def public(self, page: Page, run_id: UUID, made: datetime) -> str | None:
        """The address of a run for messages about it; None where the public URL is not known.

        Args:
            made: when the run was made; aware. Its time is counted from there, so that whatever is sent, and
                sent again, says the same.
        """
        if self._public_url is None:
            return None
        return self._public_url + self.sign(page, run_id, made + LINK_LIFETIME)

    def check(self, page: Page, run_id: UUID, *, expires: str, signature: str, now: datetime) -> LinkCheck:
        """What a link is worth; takes as long for a wrong signature as for a right one.

        Args:
            page, run_id: that it leads to.
            expires, signature: as they stand in the query, from anybody.
        """
        if not _SECONDS.fullmatch(expires):
            return LinkCheck.FORGED
        unsigned = _unsigned(page, run_id, expires)
        given = signature.encode(errors="surrogatepass")
        matches = [hmac.compare_digest(_signature(key, unsigned).encode(), given) for key in self._keys]
        if not any(matches):
            return LinkCheck.FORGED
        return LinkCheck.VALID if now.timestamp() < int(expires) else LinkCheck.EXPIRED


def _unsigned(page: Page, run_id: UUID, expires: str) -> str:
    return f"/{page}/{run_id}?expires={expires}"


def _signature(key: bytes, unsigned: str) -> str:
    return hmac.digest(key, unsigned.encode(), "sha256").hex()
