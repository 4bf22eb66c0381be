"""Keys and endpoints, as far as can be seen without asking anyone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.evaluations import Provider
from assay.contracts.provider_keys import KeyState, ProviderKey
from assay.domain.provider_keys import (
    ERROR_PAUSE,
    azure_endpoint_problem,
    is_usable,
    key_format_problem,
    masked,
)

SUFFIXES = ("openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com")
PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)


@pytest.mark.parametrize(
    ("provider", "key"),
    [
        (Provider.OPENAI, "sk-abc"),
        (Provider.OPENAI, "sk-proj-abc"),
        (Provider.ANTHROPIC, "sk-ant-abc"),
        (Provider.GEMINI, "anything"),
        (Provider.AZURE_OPENAI, "0123456789abcdef"),
    ],
)
def test_keys_that_look_right(provider: Provider, key: str) -> None:
    assert key_format_problem(provider, key) is None


@pytest.mark.parametrize(
    ("provider", "key"), [(Provider.OPENAI, "pk-abc"), (Provider.ANTHROPIC, "sk-abc"), (Provider.OPENAI, "")]
)
def test_keys_with_another_beginning(provider: Provider, key: str) -> None:
    assert key_format_problem(provider, key) is not None


@given(st.sampled_from(Provider), st.text(), st.sampled_from(" \n\r\té\x00\x7f"), st.text())
def test_no_key_that_a_header_cannot_carry(provider: Provider, start: str, odd: str, end: str) -> None:
    problem = key_format_problem(provider, f"sk-ant-{start}{odd}{end}")
    assert problem is not None
    assert odd not in problem or odd == " "


@given(st.text())
def test_a_mask_shows_at_most_eight_characters_of_a_long_key(key: str) -> None:
    shown = masked(key)
    if len(key) > 8:
        assert shown == key[:4] + "..." + key[-4:]
    else:
        assert shown == "****"


@given(st.sampled_from(SUFFIXES), st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True))
def test_azure_hosts(suffix: str, resource: str) -> None:
    for path in ("", "/", "/openai"):
        assert azure_endpoint_problem(f"https://{resource}.{suffix}{path}") is None
    assert azure_endpoint_problem(f"http://{resource}.{suffix}") == "The Azure endpoint must use https."
    for other in (suffix, f"{resource}.{suffix}.example.com", f"{resource}{suffix}", f"{resource}-{suffix}"):
        assert azure_endpoint_problem(f"https://{other}") is not None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x.openai.azure.com",
        "ftp://x.openai.azure.com",
        "https://",
        "https://x.openai.azure.com:0",
        "https://x.openai.azure.com:99999",
        "https://[::1",
        "https://169.254.169.254/?.openai.azure.com",
        "https://169.254.169.254#.openai.azure.com",
        "https://169.254.169.254\\.openai.azure.com",
        "https://x.openai.azure.com@169.254.169.254/",
        "https://user:pw@x.openai.azure.com",
        "https://x.openai.azure.com\n.example.com",
        " https://x.openai.azure.com",
        "https://169.254.169.254\t.openai.azure.com",
        "https://x_.openai.azure.com",
        "https://.openai.azure.com",
        "https://éx.openai.azure.com",
    ],
)
def test_addresses_that_are_no_endpoints(url: str) -> None:
    assert azure_endpoint_problem(url) is not None


@given(PRINTABLE)
def test_any_text_has_an_answer(text: str) -> None:
    azure_endpoint_problem(f"https://{text}")
    azure_endpoint_problem(text)


def test_what_the_operator_vouches_for() -> None:
    gateway = "http://127.0.0.1:4000/azure"
    assert azure_endpoint_problem(gateway) is not None
    assert azure_endpoint_problem(gateway, vouched=lambda url: url == gateway) is None
    assert azure_endpoint_problem("ftp://127.0.0.1", vouched=lambda _: True) is not None


@given(st.sampled_from(KeyState), st.timedeltas(timedelta(days=-1), timedelta(days=1)))
def test_a_key_is_usable_when_ok_and_after_a_pause_when_in_error(state: KeyState, since: timedelta) -> None:
    changed = datetime(2026, 1, 1, tzinfo=UTC)
    key = ProviderKey(
        id=UUID(int=1),
        project_id=1,
        provider=Provider.OPENAI,
        name="Own",
        state=state,
        error_message=None,
        masked="****",
        azure_endpoint=None,
        api_version=None,
        version=1,
        created_at=changed,
        updated_at=changed,
        created_by=None,
        last_used_at=None,
    )
    expected = state is KeyState.OK or (state is KeyState.ERROR and since >= ERROR_PAUSE)
    assert is_usable(key, changed + since) is expected
