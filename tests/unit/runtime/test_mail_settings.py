"""The mail server that the settings name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assay.errors import SetupError
from assay.runtime.settings import load_settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):  # noqa: TID251  (what the developer has set must not matter)
        if name.startswith("ASSAY_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_there_is_no_mail_server_by_default() -> None:
    settings = load_settings()
    assert settings.smtp_url is settings.smtp_from is None


def test_a_mail_server_with_a_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_SMTP_URL", "smtp://assay:secret-word@mail.example:2525?starttls=required")
    monkeypatch.setenv("ASSAY_SMTP_FROM", "Assay <reports@assay.example>")
    settings = load_settings()
    assert settings.smtp_from == "Assay <reports@assay.example>"
    assert "secret-word" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "sender", "named"),
    [
        ("smtp://assay:secret-word@mail.example", "", "ASSAY_SMTP_FROM"),
        ("smtp://assay:secret-word@mail.example", "reports", "ASSAY_SMTP_FROM"),
        ("imap://assay:secret-word@mail.example", "a@b.example", "ASSAY_SMTP_URL"),
    ],
    ids=["no-sender", "no-address", "no-smtp"],
)
def test_mistakes_name_the_variable_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, url: str, sender: str, named: str
) -> None:
    monkeypatch.setenv("ASSAY_SMTP_URL", url)
    monkeypatch.setenv("ASSAY_SMTP_FROM", sender)
    with pytest.raises(SetupError) as caught:
        load_settings()
    assert named in caught.value.detail
    assert "secret-word" not in caught.value.detail
