"""Encryption at rest, without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.adapters.sql.sealing import CannotUnseal, Sealed, Sealer
from assay.errors import SetupError

PLACE = b"project 1, row 1"
texts = st.text(st.characters(exclude_categories=["Cs"]))


def sealer(*secrets: str, context: bytes = b"a use") -> Sealer:
    return Sealer(secrets, context=context)


@given(texts)
def test_what_was_sealed_comes_back(secret: str) -> None:
    sealed = sealer("one").seal(secret, place=PLACE)
    assert sealer("two", "one").unseal(sealed, place=PLACE) == secret


@given(st.text("abcdef", min_size=16))
def test_a_box_shows_nothing_of_the_secret(secret: str) -> None:
    sealed = sealer("one").seal(secret, place=PLACE)
    assert secret.encode() not in sealed.box
    assert sealed != sealer("one").seal(secret, place=PLACE)


@given(st.data())
def test_a_box_that_was_altered_anywhere_does_not_open(data: st.DataObject) -> None:
    key_id, box = sealer("one").seal("secret", place=PLACE)
    position = data.draw(st.integers(0, len(box) - 1))
    changed = bytes([box[position] ^ data.draw(st.integers(1, 255))])
    altered = box[:position] + changed + box[position + 1 :]
    with pytest.raises(CannotUnseal):
        sealer("one").unseal(Sealed(key_id, altered), place=PLACE)


@pytest.mark.parametrize("length", [0, 5, 12, 27])
def test_a_box_that_was_cut_off_does_not_open(length: int) -> None:
    key_id, box = sealer("one").seal("secret", place=PLACE)
    with pytest.raises(CannotUnseal):
        sealer("one").unseal(Sealed(key_id, box[:length]), place=PLACE)


def test_a_box_opens_in_its_place_for_its_use_and_with_its_secret_alone() -> None:
    sealed = sealer("one").seal("secret", place=PLACE)
    with pytest.raises(CannotUnseal):
        sealer("one").unseal(sealed, place=b"project 2, row 1")
    with pytest.raises(CannotUnseal):
        sealer("one", context=b"another use").unseal(sealed, place=PLACE)
    with pytest.raises(CannotUnseal):
        sealer("two").unseal(sealed, place=PLACE)


def test_key_ids_tell_secrets_and_uses_apart() -> None:
    ids = {
        sealer("one").current_key_id,
        sealer("two").current_key_id,
        sealer("one", context=b"another use").current_key_id,
    }
    assert len(ids) == 3
    assert {len(key_id) for key_id in ids} == {16}
    assert sealer("two", "one").current_key_id == sealer("two").current_key_id
    assert set(sealer("two", "one").key_ids) == {sealer("one").current_key_id, sealer("two").current_key_id}


def test_without_a_secret_nothing_can_be_sealed() -> None:
    with pytest.raises(SetupError):
        sealer()
