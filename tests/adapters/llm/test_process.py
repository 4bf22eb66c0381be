"""Asking models in a process of its own: the real one, on a real socket."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assay.adapters.llm import LITELLM_ENVIRONMENT
from assay.adapters.testing import Reply, ScriptedModelServer
from assay.contracts.evaluations import Provider
from assay.contracts.models import ModelRequest
from assay.contracts.provider_keys import ProviderAccess
from assay.errors import (
    ModelNotFound,
    OutboundRefused,
    PlatformFault,
    ProviderAuthenticationFailed,
    ProviderKeyRequired,
    ProviderUnavailable,
    RateLimited,
    WorkError,
)
from assay.runtime.settings import certificate_authorities
from tests.adapters.llm.conftest import SECRET
from tests.adapters.llm.processes import (
    FOR_AZURE,
    VERDICT,
    Running,
    Sluice,
    a_request,
    azure,
    python,
    running,
)
from tests.adapters.outbound.servers import Authority, until

MIB = 1024 * 1024
AT_A_TIME = 64


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
async def process(
    server: ScriptedModelServer, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """One process for the whole module; the operator allows loopback, for projects' own addresses."""
    [certificate] = authority.client_context().get_ca_certs(binary_form=True)
    trusted = tmp_path_factory.mktemp("trusted") / "authority.pem"
    trusted.write_text(ssl.DER_cert_to_PEM_cert(certificate))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OPENAI_API_KEY", "sk-from-the-environment")
        environment.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/from-the-environment")
        environment.delenv("SSL_CERT_DIR", raising=False)
        environment.setenv("SSL_CERT_FILE", str(trusted))
        async with running(
            server.base_url, outbound_allow="127.0.0.1,localhost", environment=certificate_authorities()
        ) as made:
            await made.model.start()
            yield made


async def failure(process: Running, request: ModelRequest, access: ProviderAccess | None = None) -> WorkError:
    with pytest.raises(WorkError) as failed:
        await process.model.complete(request, access)
    assert SECRET not in failed.value.detail
    return failed.value


async def test_a_reply_comes_with_its_tokens_and_its_price(
    process: Running, endpoint: ScriptedModelServer
) -> None:
    endpoint.enqueue(Reply(content=VERDICT, input_tokens=1000, output_tokens=100))
    reply = await process.model.complete(a_request())
    assert (reply.text, reply.model) == (VERDICT, "gpt-5-mini")
    assert (reply.input_tokens, reply.output_tokens) == (1000, 100)
    assert reply.cost_usd == pytest.approx(1000 * 0.25e-6 + 100 * 2e-6)
    (sent,) = endpoint.requests
    assert sent.headers["authorization"] == f"Bearer {SECRET}"
    assert [message["content"] for message in sent.body["messages"]] == ["Judge.", "429"]


@pytest.mark.parametrize(
    ("answer", "kind", "retry_after"),
    [
        (Reply(status=429, headers={"retry-after": "7"}, body={}), RateLimited, 7.0),
        (
            Reply(status=401, body={"error": {"message": f"Bad: {SECRET}"}}),
            ProviderAuthenticationFailed,
            None,
        ),
        (Reply(status=404, body={"error": {"message": "No such model."}}), ModelNotFound, None),
        (Reply(drop=True), ProviderUnavailable, None),
    ],
    ids=["429", "401", "404", "dropped"],
)
async def test_failures_come_through(
    process: Running, endpoint: ScriptedModelServer, answer: Reply, kind: type[WorkError], retry_after: float
) -> None:
    endpoint.enqueue(answer)
    error = await failure(process, a_request())
    assert (type(error), error.retry_after) == (kind, retry_after)
    assert "openai" in error.detail


async def test_the_time_of_a_call_bounds_it(process: Running, endpoint: ScriptedModelServer) -> None:
    endpoint.enqueue(Reply(hang=True))
    error = await failure(process, a_request(timeout_seconds=0.2))
    assert type(error) is ProviderUnavailable
    assert error.detail == "openai did not answer in time."


async def test_without_a_key_nobody_is_asked(process: Running, endpoint: ScriptedModelServer) -> None:
    error = await failure(process, a_request(provider=Provider.ANTHROPIC))
    assert type(error) is ProviderKeyRequired
    assert process.model.offers(Provider.OPENAI)
    assert not process.model.offers(Provider.ANTHROPIC)
    assert not process.model.is_public(Provider.OPENAI)
    assert process.model.is_public(Provider.ANTHROPIC)
    assert not endpoint.requests


@pytest.mark.parametrize("status", [200, 429])
async def test_half_a_surrogate_pair_ends_no_process(
    process: Running, endpoint: ScriptedModelServer, status: int
) -> None:
    """JSON can spell it, and models cut emoji in two; a call without a reply would cost all others theirs."""
    pid = process.pid
    if status == 200:
        endpoint.enqueue(Reply(content="cut \ud83d"))
        assert (await process.model.complete(a_request())).text == "cut \ufffd"
    else:
        endpoint.enqueue(Reply(status=status, body={"error": {"message": "cut \ud83d"}}))
        error = await failure(process, a_request())
        assert type(error) is RateLimited
        assert error.detail.endswith("cut \ufffd")
    assert process.pid == pid


async def test_many_calls_at_a_time(process: Running) -> None:
    async with Sluice.serving(AT_A_TIME) as sluice:
        calls = [process.model.complete(FOR_AZURE, azure(sluice.origin)) for _ in range(AT_A_TIME)]
        replies = await asyncio.gather(*calls)
    assert sorted(int(reply.text) for reply in replies) == list(range(1, AT_A_TIME + 1))


async def test_prompts_and_answers_of_megabytes(process: Running, endpoint: ScriptedModelServer) -> None:
    prompt, answer = "ä" * (4 * MIB), "€" * (2 * MIB)  # the endpoint escapes: six bytes each
    endpoint.enqueue(*[Reply(content=answer)] * 2)
    for reply in await asyncio.gather(*(process.model.complete(a_request(prompt)) for _ in range(2))):
        assert reply.text == answer
    assert [sent.body["messages"][1]["content"] == prompt for sent in endpoint.requests] == [True, True]


async def test_an_answer_beyond_the_limit_is_refused(process: Running, endpoint: ScriptedModelServer) -> None:
    endpoint.enqueue(Reply(content="x" * (17 * MIB)))
    assert type(await failure(process, a_request())) is OutboundRefused


async def test_cancelling_ends_the_call_at_the_provider(
    process: Running, endpoint: ScriptedModelServer
) -> None:
    pid = process.pid
    async with Sluice.serving(float("inf")) as sluice:
        calls = [
            asyncio.create_task(process.model.complete(FOR_AZURE, azure(sluice.origin))) for _ in range(3)
        ]
        await until(lambda: sluice.asked == 3)
        for call in calls[:2]:
            call.cancel()
        await until(lambda: sluice.left == 2)
        assert not calls[2].done()
        calls[2].cancel()
        await until(lambda: sluice.left == 3)
        found = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(each) for each in found] == [asyncio.CancelledError] * 3
    endpoint.enqueue(Reply(content=VERDICT))
    assert (await process.model.complete(a_request())).text == VERDICT
    assert process.pid == pid


async def test_the_outbound_policy_holds(process: Running, endpoint: ScriptedModelServer) -> None:
    listed = await process.model.complete(FOR_AZURE, azure(endpoint.origin))
    assert listed.text
    elsewhere = azure(endpoint.origin.replace("127.0.0.1", "127.0.0.2"))
    error = await failure(process, FOR_AZURE, elsewhere)
    assert type(error) is OutboundRefused
    assert len(endpoint.requests) == 1


async def test_no_key_is_in_arguments_or_environment(process: Running) -> None:
    seen = [(Path("/proc") / str(process.pid) / name).read_text() for name in ("cmdline", "environ")]
    assert "assay.adapters.llm.child" in seen[0]
    for text in seen:
        assert SECRET not in text
        assert "from-the-environment" not in text
    names = {variable.partition("=")[0] for variable in seen[1].split("\0") if variable}
    assert names == {"LC_ALL", "SSL_CERT_FILE", *LITELLM_ENVIRONMENT}


async def test_authorities_that_the_operator_added_are_trusted(
    process: Running, authority: Authority, tmp_path: Path
) -> None:
    async with Sluice.serving(1, tls=authority.server_context("localhost", [])) as sluice:
        reply = await process.model.complete(FOR_AZURE, azure(sluice.origin))
        assert reply.text == "1"
    async with Sluice.serving(1, tls=Authority(tmp_path).server_context("localhost", [])) as sluice:
        assert type(await failure(process, FOR_AZURE, azure(sluice.origin))) is ProviderUnavailable


REPLACED = """
import asyncio, gc
from assay.adapters.llm import child
from assay.contracts.models import ModelReply

class Replaced(child.LiteLLM):
    def warm_up(self):
        pass

    async def ask(self, request, endpoint):
        {body}

child.LiteLLM = Replaced
child.main()
"""


async def test_what_nobody_foresaw_is_a_fault_of_the_platform_that_tells_no_secret() -> None:
    body = "raise RuntimeError(endpoint.api_key.get_secret_value())"
    async with running(command=python(REPLACED.format(body=body))) as process:
        error = await failure(process, a_request())
        assert type(error) is PlatformFault
        assert error.detail == "The call ended with an unforeseen RuntimeError."
        assert len(process.pids) == 1


async def test_calls_that_are_cancelled_before_they_begin_leave_nothing_behind() -> None:
    body = """
        await asyncio.sleep(0.01)
        gc.collect()
        held = sum(isinstance(each, child.Ask) for each in gc.get_objects())
        return ModelReply(text=str(held), model="m", input_tokens=None, output_tokens=None, cost_usd=None)
    """
    async with running(command=python(REPLACED.format(body=body.strip()))) as process:
        await process.model.start()
        os.kill(process.pid, signal.SIGSTOP)  # so that it reads question and cancellation together
        calls = [asyncio.create_task(process.model.complete(a_request())) for _ in range(20)]
        await asyncio.sleep(0)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        last = asyncio.create_task(process.model.complete(a_request()))
        await asyncio.sleep(0)
        os.kill(process.pid, signal.SIGCONT)
        assert (await last).text == "1"
