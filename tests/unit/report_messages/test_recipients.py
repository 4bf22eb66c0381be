"""Delivery targets as single recipients."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.report_runs import RecipientKind
from assay.domain.report_recipients import recipients_of


def test_every_address_and_every_channel_once() -> None:
    found = recipients_of(
        [
            {"type": "email", "value": " ada@example.com, bob@example.com ,,"},
            {"type": "slack", "integration_id": 3, "channel": "C012|#quality"},
            {"type": "email", "value": "Ada@Example.com"},
            {"type": "slack", "integration_id": "3", "channel": "C012"},
            {"type": "slack", "integration_id": 4, "channel": "C012"},
        ]
    )
    assert [(r.key, r.kind, r.address, r.integration_id) for r in found] == [
        ("email:ada@example.com", RecipientKind.EMAIL, "ada@example.com", None),
        ("email:bob@example.com", RecipientKind.EMAIL, "bob@example.com", None),
        ("slack:3:C012", RecipientKind.SLACK, "C012", 3),
        ("slack:4:C012", RecipientKind.SLACK, "C012", 4),
    ]


def test_long_addresses_keep_keys_of_their_own() -> None:
    long = "a" * 400
    first, second = recipients_of([{"type": "email", "value": f"{long}1@b.c,{long}2@b.c"}])
    assert first.key != second.key
    assert max(len(first.key), len(second.key)) <= 300


def test_keys_of_wide_characters_are_no_longer_than_others() -> None:
    long = "😀" * 299
    first, second = recipients_of([{"type": "email", "value": f"{long}1,{long}2"}])
    assert first.key != second.key
    assert max(len(first.key.encode()), len(second.key.encode())) <= 300


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=20)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["type", "value", "integration_id", "channel"]),
            VALUES | st.sampled_from(["email", "slack"]),
        )
    )
)
def test_any_target_is_survived(targets: list[dict[str, Any]]) -> None:
    found = recipients_of(targets)
    assert len({recipient.key for recipient in found}) == len(found)
    assert all(recipient.address for recipient in found)
    assert all((r.integration_id is not None) == (r.kind is RecipientKind.SLACK) for r in found)
