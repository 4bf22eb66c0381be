"""What crosses between the engine and its model process arrives as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from assay.adapters.llm.access import Endpoint
from assay.adapters.llm.messages import (
    REPLIES,
    REQUESTS,
    Answered,
    Ask,
    Cancel,
    Failed,
    Ready,
    Reply,
    Request,
    Setup,
    encode,
)
from assay.contracts.evaluations import Provider
from assay.contracts.models import ModelMessage, ModelReply, ModelRequest
from assay.domain.json_values import well_formed
from assay.errors import PlatformFault, WorkError, catalogue
from tests.adapters.llm.conftest import SECRET

FAILURES = [error for error in catalogue() if issubclass(error, WorkError)]
FINITE = st.floats(allow_nan=False, allow_infinity=False)
ANY_TEXT = st.text(st.characters(), max_size=40)
"""With lone surrogates, as JSON can spell them."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | FINITE | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
REQUEST = st.builds(
    ModelRequest,
    provider=st.sampled_from(Provider),
    model=st.text(max_size=20),
    messages=st.lists(
        st.builds(ModelMessage, role=st.sampled_from(["system", "user"]), content=st.text(max_size=40)),
        max_size=3,
    ).map(tuple),
    schema_name=st.text(max_size=5),
    json_schema=st.dictionaries(st.text(max_size=5), JSON, max_size=3),
    timeout_seconds=FINITE,
)
COUNT = st.none() | st.integers(0, 2**63 - 1)


def received(message: Reply) -> Reply:
    return REPLIES.validate_json(encode(message))


@given(st.sampled_from(FAILURES), ANY_TEXT, st.none() | FINITE)
def test_every_failure_arrives_as_what_it_is(
    kind: type[WorkError], detail: str, retry_after: float | None
) -> None:
    arrived = received(Failed.of(7, kind(detail, retry_after=retry_after)))
    assert isinstance(arrived, Failed)
    assert arrived.number == 7
    error = arrived.error
    assert type(error) is kind
    assert error.detail == well_formed(detail)
    assert error.retry_after == retry_after


def test_a_failure_of_another_version_is_the_platforms() -> None:
    error = Failed(number=1, code="of_tomorrow", detail="what", retry_after=None).error
    assert type(error) is PlatformFault
    assert error.detail == "what"


@given(st.integers(1), REQUEST, st.text(max_size=30), st.text(max_size=30), st.text(max_size=10))
def test_a_call_arrives_as_it_was_made(
    number: int, request: ModelRequest, key: str, url: str, version: str
) -> None:
    endpoint = Endpoint(request.provider, SecretStr(key), url, version)
    arrived = REQUESTS.validate_json(encode(Ask.of(number, request, endpoint)))
    assert isinstance(arrived, Ask)
    assert (arrived.number, arrived.request, arrived.endpoint) == (number, request, endpoint)


@given(ANY_TEXT, ANY_TEXT, COUNT, COUNT, st.none() | FINITE)
def test_an_answer_arrives_with_what_it_cost(
    text: str, model: str, read: int | None, written: int | None, cost: float | None
) -> None:
    answer = ModelReply(text=text, model=model, input_tokens=read, output_tokens=written, cost_usd=cost)
    arrived = received(Answered(number=1, reply=answer))
    assert isinstance(arrived, Answered)
    assert arrived.reply == answer.model_copy(update={"text": well_formed(text), "model": well_formed(model)})


def test_a_prompt_that_utf8_cannot_hold_is_sent_without_what_it_cannot() -> None:
    asked = a_call("half of a face: \ud83d")
    arrived = REQUESTS.validate_json(encode(asked))
    assert isinstance(arrived, Ask)
    assert arrived.request.messages[0].content == "half of a face: \ufffd"
    assert arrived.endpoint == asked.endpoint


@pytest.mark.parametrize(
    "message",
    [Setup(outbound_allow="a,b", own_urls=("https://x",)), Cancel(number=3)],
    ids=["setup", "cancel"],
)
def test_the_other_requests(message: Request) -> None:
    assert REQUESTS.validate_json(encode(message)) == message


def test_readiness() -> None:
    assert received(Ready()) == Ready()


@pytest.mark.parametrize(
    ("whole", "broken"),
    [
        (b'"kind":"ask"', b'"kind":"tell"'),
        (b'"base_url"', b'"basic_url"'),
        (b'"number":1', b'"number":"one"'),
        (b'"api_version":"v1"}', b'"api_version":"v1"'),
        (f'"{SECRET}"'.encode(), f'["{SECRET}"]'.encode()),
    ],
    ids=["kind", "name", "number", "end", "key"],
)
def test_complaints_about_a_message_do_not_quote_it(whole: bytes, broken: bytes) -> None:
    payload = encode(a_call("hello"))
    assert whole in payload
    with pytest.raises(ValidationError) as complaint:
        REQUESTS.validate_json(payload.replace(whole, broken))
    assert SECRET not in str(complaint.value)
    assert SECRET[-8:] not in str(complaint.value)


def test_a_call_does_not_show_its_key() -> None:
    assert SECRET not in repr(a_call("hello"))


def a_call(prompt: str) -> Ask:
    request = ModelRequest(
        provider=Provider.OPENAI,
        model="gpt-5-mini",
        messages=(ModelMessage(role="user", content=prompt),),
        schema_name="verdict",
        json_schema={},
        timeout_seconds=1,
    )
    return Ask.of(1, request, Endpoint(Provider.OPENAI, SecretStr(SECRET), "https://x", "v1"))
