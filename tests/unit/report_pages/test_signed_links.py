"""Links that open the page of one run: what they open, for how long, and what altered ones are worth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from assay.domain.signed_links import LINK_LIFETIME, LinkCheck, Page, PageLinks
from assay.errors import SetupError
from assay.runtime.secrets import page_links
from assay.runtime.settings import Settings

NEW, OLD = "a secret that is new enough", "a secret that was used before"
RUN = UUID("0b2f3f54-4f0c-4f6e-9d0e-1c8b5a0f4a11")
NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
MOMENTS = st.integers(86_400 * 10**6, 10**16).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
SECRETS = st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable())


def opened(links: PageLinks, path: str, *, now: datetime = NOW, run: UUID | None = None) -> LinkCheck:
    """What a link is worth, taken apart as the page does it."""
    parts = urlsplit(path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    named = run or UUID(parts.path.removeprefix("/reports/"))
    return links.check(Page.REPORT, named, expires=query["expires"], signature=query["signature"], now=now)


@given(secret=SECRETS, run=st.uuids(), expires=MOMENTS, now=MOMENTS)
def test_a_link_opens_its_run_until_it_expires(
    secret: str, run: UUID, expires: datetime, now: datetime
) -> None:
    links = PageLinks([secret])
    in_time = now < expires.replace(microsecond=0)
    worth = opened(links, links.sign(Page.REPORT, run, expires), now=now)
    assert worth is (LinkCheck.VALID if in_time else LinkCheck.EXPIRED)


@given(other=st.uuids())
def test_a_link_opens_no_other_run(other: UUID) -> None:
    assume(other != RUN)
    links = PageLinks([NEW])
    path = links.sign(Page.REPORT, RUN, NOW + LINK_LIFETIME)
    assert opened(links, path, run=other) is LinkCheck.FORGED


def test_a_link_opens_no_other_page() -> None:
    links = PageLinks([NEW])
    query = parse_qs(urlsplit(links.sign(Page.REPORT, RUN, NOW + LINK_LIFETIME)).query)
    given = {"expires": query["expires"][0], "signature": query["signature"][0], "now": NOW}
    assert links.check(Page.REPORT, RUN, **given) is LinkCheck.VALID
    assert links.check(Page.CLUSTERS, RUN, **given) is LinkCheck.FORGED


@given(later=st.integers(1, 10**9))
def test_the_expiry_cannot_be_moved(later: int) -> None:
    links = PageLinks([NEW])
    expires = int((NOW - timedelta(hours=1)).timestamp())
    path = links.sign(Page.REPORT, RUN, datetime.fromtimestamp(expires, UTC))
    assert opened(links, path.replace(f"={expires}&", f"={expires + later}&")) is LinkCheck.FORGED


@given(secret=SECRETS)
def test_a_link_of_somebody_elses_secret_is_worth_nothing(secret: str) -> None:
    assume(secret != NEW)
    path = PageLinks([secret]).sign(Page.REPORT, RUN, NOW + LINK_LIFETIME)
    assert opened(PageLinks([NEW]), path) is LinkCheck.FORGED


@given(expires=st.text(max_size=30), signature=st.text(max_size=70))
def test_whatever_is_sent_is_told_from_a_signature(expires: str, signature: str) -> None:
    worth = PageLinks([NEW]).check(Page.REPORT, RUN, expires=expires, signature=signature, now=NOW)
    assert worth is LinkCheck.FORGED


@pytest.mark.parametrize("spelling", ["{}.0", "0{}", "+{}", " {}", "{}\n", "{}_0", "-{}"])
def test_an_expiry_is_written_in_one_way_only(spelling: str) -> None:
    links = PageLinks([NEW])
    expires = str(int((NOW + LINK_LIFETIME).timestamp()))
    signature = links.sign(Page.REPORT, RUN, NOW + LINK_LIFETIME).rpartition("=")[2]
    assert links.check(Page.REPORT, RUN, expires=expires, signature=signature, now=NOW) is LinkCheck.VALID
    respelt = spelling.format(expires)
    assert links.check(Page.REPORT, RUN, expires=respelt, signature=signature, now=NOW) is LinkCheck.FORGED
    arabic = expires.translate({ord("0") + digit: 0x660 + digit for digit in range(10)})
    assert links.check(Page.REPORT, RUN, expires=arabic, signature=signature, now=NOW) is LinkCheck.FORGED


def test_links_outlive_the_rotation_of_secrets_until_the_old_one_is_taken_out() -> None:
    path = PageLinks([OLD]).sign(Page.REPORT, RUN, NOW + LINK_LIFETIME)
    both = PageLinks([NEW, OLD])
    assert opened(both, path) is LinkCheck.VALID
    assert opened(PageLinks([NEW]), path) is LinkCheck.FORGED
    assert opened(PageLinks([NEW]), both.sign(Page.REPORT, RUN, NOW + LINK_LIFETIME)) is LinkCheck.VALID


def test_the_form_of_a_link_is_fixed() -> None:
    """Links are in people's mailboxes: what made them once must recognise them for ever."""
    path = PageLinks([NEW]).sign(Page.REPORT, RUN, datetime(2027, 1, 1, tzinfo=UTC))
    assert path == (
        "/reports/0b2f3f54-4f0c-4f6e-9d0e-1c8b5a0f4a11?expires=1798761600"
        "&signature=ac4caa970f493b36dd2106c403b4a6e42cc6cb6801b2a3e72c635dd3a5e9b971"
    )


@pytest.mark.parametrize("secrets", [[], [""], [NEW, ""]])
def test_without_a_secret_nothing_is_signed(secrets: list[str]) -> None:
    with pytest.raises(SetupError, match="secret key"):
        PageLinks(secrets)


def test_messages_hold_whole_addresses_or_none() -> None:
    assert PageLinks([NEW]).public(Page.REPORT, uuid4(), NOW) is None
    links = PageLinks([NEW], public_url="https://assay.example.com/here/")
    address = links.public(Page.REPORT, RUN, NOW)
    assert address is not None
    assert address.startswith(f"https://assay.example.com/here/reports/{RUN}?")
    path = address.removeprefix("https://assay.example.com/here")
    assert opened(links, path, now=NOW + LINK_LIFETIME - timedelta(seconds=1)) is LinkCheck.VALID
    assert opened(links, path, now=NOW + LINK_LIFETIME) is LinkCheck.EXPIRED


def test_the_operators_settings_make_the_links() -> None:
    settings = Settings(secret_keys=SecretStr(f"{NEW},{OLD}"), public_url="https://assay.example.com")
    links = page_links(settings)
    assert opened(links, PageLinks([OLD]).sign(Page.REPORT, RUN, NOW + LINK_LIFETIME)) is LinkCheck.VALID
    assert (links.public(Page.REPORT, RUN, NOW) or "").startswith("https://assay.example.com/reports/")


@pytest.mark.parametrize(
    "address", ["assay.example.com", "ftp://a.example", "https://", "https://a.example/?x=1", "https://a/#b"]
)
def test_the_public_url_is_an_address(address: str) -> None:
    with pytest.raises(ValidationError, match="public_url"):
        Settings(public_url=address)
