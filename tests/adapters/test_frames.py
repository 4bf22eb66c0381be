from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.adapters.frames import FrameSplitter, FrameTooLong, framed, read_frame

PAYLOADS = st.lists(st.binary(max_size=50), max_size=8)


@given(PAYLOADS, st.integers(1, 20))
def test_frames_are_found_however_the_stream_is_cut(payloads: list[bytes], piece: int) -> None:
    stream = b"".join(map(framed, payloads))
    splitter = FrameSplitter(longest=50)
    found = [
        payload for at in range(0, len(stream), piece) for payload in splitter.feed(stream[at : at + piece])
    ]
    assert found == payloads


@given(PAYLOADS)
def test_a_stream_is_read_frame_by_frame_to_its_end(payloads: list[bytes]) -> None:
    stream = io.BytesIO(b"".join(map(framed, payloads)))
    assert [read_frame(stream) for _ in payloads] == payloads
    assert read_frame(stream) is None


@pytest.mark.parametrize("kept", [3, 6])
def test_a_stream_that_breaks_off_has_ended(kept: int) -> None:
    assert read_frame(io.BytesIO(framed(b"payload")[:kept])) is None


def test_a_frame_over_the_limit_is_refused_before_it_arrives() -> None:
    with pytest.raises(FrameTooLong):
        FrameSplitter(longest=10).feed(framed(b"x" * 11)[:4])
