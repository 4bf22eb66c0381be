"""`POST evaluations/test_hog`: a program on recent events, without storing anything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from assay.adapters.clickhouse import ClickHouseEventStore, open_event_store
from assay.adapters.hog.processes import HogProcesses
from assay.contracts.access import Project
from assay.contracts.events import Event
from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import CompiledProgram, HogOutcome, HogTarget
from assay.errors import HogDefect, HogUnavailable, WorkError
from tests.harness.api import ApiWorld

ROW = ["event_uuid", "trace_id", "input_preview", "output_preview", "result", "reasoning", "error"]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseEventStore]:
    store = open_event_store(url=None, path=tmp_path_factory.mktemp("events"))
    store.migrate()
    yield store
    store.close()


_taken = [0]


@pytest.fixture
async def project(world: ApiWorld) -> Project:
    """A project that is the test's own in the event store, too, which the worlds of both databases share.

    Nor has a test before it taken its number for the second project that one of them makes.
    """
    while (project := await world.new_project()).id <= _taken[-1] + 1:
        pass
    _taken.append(project.id)
    return project


@pytest.fixture
async def api(
    world: ApiWorld, events: ClickHouseEventStore, hog: HogProcesses
) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client(events=events, hog=hog) as client:
        yield client


class Tries:
    """Generations of a project, and programs that are tried on them."""

    def __init__(self, api: httpx.AsyncClient, events: ClickHouseEventStore, project: Project) -> None:
        self.api, self.events, self.project = api, events, project

    def capture(
        self, *outputs: Any, ages: timedelta = timedelta(minutes=1), **properties: Any
    ) -> list[Event]:
        """One generation per output, each older than the one before."""
        now = datetime.now(UTC)
        captured = [
            Event(
                project_id=self.project.id,
                event="$ai_generation",
                uuid=uuid4(),
                distinct_id="user-1",
                timestamp=now - ages * number,
                properties={
                    "$ai_trace_id": f"trace-{number}",
                    "$ai_input": [{"role": "user", "content": "How?"}],
                    "$ai_output_choices": [{"role": "assistant", "content": output}],
                    **properties,
                },
            )
            for number, output in enumerate(outputs, start=1)
        ]
        self.events.insert(captured)
        return captured

    async def post(self, source: Any = "return true", **fields: Any) -> httpx.Response:
        body = {"source": source} | fields
        url = f"/api/environments/{self.project.id}/evaluations/test_hog/"
        return await self.api.post(url, json={name: it for name, it in body.items() if it is not ...})

    async def rows(self, source: str, **fields: Any) -> list[dict[str, Any]]:
        response = await self.post(source, **fields)
        assert response.status_code == 200, response.text
        assert list(response.json()) == ["results"]
        rows: list[dict[str, Any]] = response.json()["results"]
        return rows


@pytest.fixture
def tries(api: httpx.AsyncClient, events: ClickHouseEventStore, project: Project) -> Tries:
    return Tries(api, events, project)


async def test_each_event_has_a_row(tries: Tries) -> None:
    first, second = tries.capture("Click it.", "no")
    rows = await tries.rows("print('length', length(output))\nprint('done')\nreturn length(output) > 60")
    assert [list(row) for row in rows] == [ROW, ROW]
    assert rows[0] == {
        "event_uuid": str(first.uuid),
        "trace_id": "trace-1",
        "input_preview": "user: How?",
        "output_preview": "assistant: Click it.",
        "result": False,
        "reasoning": "length 47\ndone",
        "error": None,
    }
    assert (rows[1]["event_uuid"], rows[1]["result"], rows[1]["reasoning"]) == (
        str(second.uuid),
        False,
        "length 40\ndone",
    )


async def test_the_newest_come_first_and_five_unless_it_is_said(tries: Tries) -> None:
    captured = tries.capture(*range(12))
    ids = [str(event.uuid) for event in captured]
    assert [row["event_uuid"] for row in await tries.rows("return true")] == ids[:5]
    for count in (1, 10, "3", 4.0):
        rows = await tries.rows("return true", sample_count=count)
        assert [row["event_uuid"] for row in rows] == ids[: int(count)]


async def test_only_generations_of_the_last_seven_days(tries: Tries, world: ApiWorld) -> None:
    recent = tries.capture("x", ages=timedelta(days=6, hours=23))
    tries.capture("x", ages=timedelta(days=7, minutes=1))
    span = recent[0].model_copy(update={"uuid": uuid4(), "event": "$ai_span"})
    foreign = recent[0].model_copy(update={"uuid": uuid4(), "project_id": (await world.new_project()).id})
    tries.events.insert([span, foreign])
    assert [row["event_uuid"] for row in await tries.rows("return true")] == [str(recent[0].uuid)]


async def test_no_events_are_said_and_no_error(tries: Tries) -> None:
    for response in (await tries.post(), await tries.post(sample_count=10)):
        assert response.status_code == 200
        assert list(response.json()) == ["results", "message"]
        assert response.json()["results"] == []
        assert "7 days" in response.json()["message"]
    tries.capture("x", env="test")
    missed = await tries.post(conditions=[{"properties": [{"key": "env", "value": "production"}]}])
    assert (missed.json()["results"], "conditions" in missed.json()["message"]) == ([], True)


async def test_conditions_are_alternatives_of_filters_that_must_all_hold(tries: Tries) -> None:
    events = [
        tries.capture("x", env=env, plan=plan)[0]
        for env, plan in [("prod", "free"), ("prod", "paid"), ("test", "free"), ("test", "paid")]
    ]
    names = {str(event.uuid): f"{event.properties['env']}-{event.properties['plan']}" for event in events}

    async def found(*conditions: dict[str, Any]) -> set[str]:
        rows = await tries.rows("return true", conditions=list(conditions), sample_count=10)
        return {names[row["event_uuid"]] for row in rows}

    def is_a(**values: str) -> dict[str, Any]:
        filters = [
            {"key": key, "value": value, "operator": "exact", "type": "event"}
            for key, value in values.items()
        ]
        return {"id": "any", "rollout_percentage": 0, "properties": filters}

    everything = set(names.values())
    assert await found(is_a(env="prod")) == {"prod-free", "prod-paid"}
    assert await found(is_a(env="prod", plan="paid")) == {"prod-paid"}
    assert await found(is_a(env="prod", plan="paid"), is_a(env="test")) == everything - {"prod-free"}
    assert await found({"properties": []}, is_a(plan="free")) == {"prod-free", "test-free"}
    assert (
        await found({"properties": []}) == await found({}) == await found({"properties": None}) == everything
    )
    assert await found() == everything


@pytest.mark.parametrize(
    ("source", "allows_na", "result", "error"),
    [
        ("return true", False, True, None),
        ("return null", True, None, None),
        ("print('x')", True, None, None),
        ("return null", False, None, "null"),
        ("return 1", True, None, "integer: 1"),
        ("return 'true'", False, None, "string: 'true'"),
    ],
)
async def test_only_booleans_are_results_and_null_where_it_is_allowed(
    tries: Tries, source: str, allows_na: bool, result: bool | None, error: str | None
) -> None:
    tries.capture("x")
    [row] = await tries.rows(source, allows_na=allows_na)
    assert row["result"] is result
    assert (row["error"] is None) == (error is None)
    if error is not None:
        assert error in row["error"]
        assert ("or null" in row["error"]) is allows_na
        assert not row["error"].startswith("Runtime error")


async def test_an_error_of_one_event_is_its_own(tries: Tries) -> None:
    tries.capture("{}", "no JSON", "[]")
    source = (
        "print('read')\nlet text := jsonParse(output)[1].content\nreturn notEmpty(jsonParse(text)) or true"
    )
    rows = await tries.rows(source)
    assert [row["result"] for row in rows] == [True, None, True]
    assert [row["reasoning"] for row in rows] == ["read"] * 3
    assert rows[1]["error"].startswith("Runtime error: line 3, column ")


async def test_a_program_without_end_is_stopped(tries: Tries) -> None:
    tries.capture("x", "y")
    for row in await tries.rows(
        "print(1) let s := '' while (true) { s := s || 'xxxxxxxxxxxxxxxxxxxxxxxxx' }"
    ):
        assert (row["result"], row["reasoning"]) == (None, "1")
        assert row["error"].startswith("Limit exceeded")


async def test_previews_are_readable_text_of_two_hundred_characters(tries: Tries) -> None:
    tries.capture("ä" * 500, **{"$ai_input": "?" * 199, "$ai_trace_id": 7})
    [row] = await tries.rows("return true")
    assert row["output_preview"] == f"assistant: {'ä' * 189}"
    assert row["input_preview"] == "?" * 199
    assert row["trace_id"] == "7"


async def test_an_event_with_nothing_in_it(tries: Tries) -> None:
    event = tries.capture("x")[0]
    bare = event.model_copy(update={"properties": {}, "uuid": uuid4(), "timestamp": datetime.now(UTC)})
    tries.events.insert([bare])
    row = (await tries.rows("return input == '' and output == ''"))[0]
    assert (row["trace_id"], row["input_preview"], row["output_preview"], row["result"]) == (
        None,
        "",
        "",
        True,
    )


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"source": ...}, {"source": ["This field is required."]}),
        ({"source": None}, {"source": ["This field may not be null."]}),
        ({"source": " \n"}, {"source": ["This field may not be blank."]}),
        ({"source": ["x"]}, {"source": ["Not a valid string."]}),
        (
            {"sample_count": 11},
            {"sample_count": ["Ensure this value is less than or equal to 10."]},
        ),
        (
            {"sample_count": 0},
            {"sample_count": ["Ensure this value is greater than or equal to 1."]},
        ),
        ({"sample_count": "many"}, {"sample_count": ["A valid integer is required."]}),
        ({"allows_na": "maybe"}, {"allows_na": ["Must be a valid boolean."]}),
        ({"conditions": {}}, {"conditions": ['Expected a list of items but got type "dict".']}),
        (
            {"conditions": ["x"]},
            {"conditions": {"0": ['Expected a dictionary of items but got type "str".']}},
        ),
        (
            {"source": ..., "sample_count": 99},
            {
                "source": ["This field is required."],
                "sample_count": ["Ensure this value is less than or equal to 10."],
            },
        ),
    ],
)
async def test_bad_input_names_every_field(
    tries: Tries, fields: dict[str, Any], errors: dict[str, Any]
) -> None:
    response = await tries.post(**fields)
    assert (response.status_code, response.json()) == (400, {"error": errors})


COHORT = {"key": "id", "value": 5, "type": "cohort"}
ENV = {"key": "env", "value": "x"}
LARGE = {"key": "env", "operator": "regex", "value": "a{0,1000}" * 9}


@pytest.mark.parametrize(
    ("conditions", "place", "said"),
    [
        ([{"properties": [COHORT]}], "0", "cohort"),
        (
            [{"properties": []}, {"properties": [ENV, {"key": "k", "operator": "regex", "value": "("}]}],
            "1",
            "Filter 2",
        ),
        ([{"properties": {"a": 1}}], "0", "list"),
        ([{"properties": [ENV] * 60}, {"properties": [ENV] * 60}], "1", "100"),
        ([{"properties": [LARGE]}] * 3, "2", "too large altogether"),
    ],
    ids=["cohort", "pattern", "no list", "too many in all", "too large in all"],
)
async def test_conditions_that_cannot_be_evaluated_are_named(
    tries: Tries, conditions: Any, place: str, said: str
) -> None:
    response = await tries.post(conditions=conditions)
    assert response.status_code == 400
    [message] = response.json()["error"]["conditions"][place]["properties"]
    assert said in message


@pytest.mark.parametrize("source", ["return (", "return nosuchfunction()", "break", "[" * 50_000])
async def test_a_source_that_does_not_compile_is_refused_in_one_text(tries: Tries, source: str) -> None:
    response = await tries.post(source)
    assert response.status_code == 400
    assert list(response.json()) == ["error"]
    assert response.json()["error"].startswith("Compilation error: ")


async def test_places_count_from_the_beginning_of_what_was_sent(tries: Tries) -> None:
    response = await tries.post("\n\n  return )")
    assert "line 3, column 10" in response.json()["error"]


async def test_nothing_is_stored_and_no_consent_is_needed(
    tries: Tries, world: ApiWorld, events: ClickHouseEventStore
) -> None:
    [event] = tries.capture("x")
    await world.registry.access.set_ai_consent(False)
    try:
        [row] = await tries.rows("return true")
    finally:
        await world.registry.access.set_ai_consent(True)
    assert row["result"] is True
    assert [found.uuid for found in events.trace(tries.project.id, "trace-1")] == [event.uuid]


async def test_reading_is_enough_and_only_posting_is_served(tries: Tries, world: ApiWorld) -> None:
    url = f"/api/environments/{tries.project.id}/evaluations/test_hog"
    for scope, status in [("evaluation:read", 200), ("evaluation:write", 200), ("dataset:write", 403)]:
        key = await world.new_key(scope)
        response = await tries.api.post(
            url, json={"source": "return true"}, headers={"Authorization": f"Bearer {key}"}
        )
        assert response.status_code == status
    assert (await tries.api.get(url)).status_code == 405


class ScriptedRunner:
    """Compiles nothing and answers what it is told; every run takes some time of a clock of its own.

    Args:
        answers: one for each run, the last one for all others. None: a process is waited for in vain.
    """

    def __init__(
        self,
        *answers: HogOutcome | WorkError | None,
        seconds: float = 0,
        compiler: WorkError | None = None,
    ) -> None:
        self.answers, self.seconds, self.compiler, self.now = list(answers), seconds, compiler, 0.0
        self.limits: list[float] = []
        self.owners: list[object] = []

    def clock(self) -> float:
        return self.now

    async def compile(self, source: str, *, owner: object) -> CompiledProgram:
        self.owners.append(owner)
        if self.compiler is not None:
            raise self.compiler
        return CompiledProgram([])

    async def evaluate(
        self,
        program: CompiledProgram,
        targets: Sequence[HogTarget],
        *,
        owner: object,
        allows_na: bool,
        limits: Limits,
    ) -> list[HogOutcome | WorkError]:
        self.limits.append(limits.seconds)
        self.owners.append(owner)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            self.now += 22
            raise TimeoutError
        self.now += min(self.seconds, limits.seconds)
        return [answer for _ in targets]


async def post(tries: Tries, world: ApiWorld, runner: ScriptedRunner) -> httpx.Response:
    async with world.client(events=tries.events, hog=runner, clock=runner.clock) as client:
        return await Tries(client, tries.events, tries.project).post("return true", sample_count=10)


async def tried(tries: Tries, world: ApiWorld, runner: ScriptedRunner) -> list[dict[str, Any]]:
    response = await post(tries, world, runner)
    assert response.status_code == 200, response.text
    rows: list[dict[str, Any]] = response.json()["results"]
    return rows


async def test_all_events_of_a_request_share_a_time(tries: Tries, world: ApiWorld) -> None:
    tries.capture(*range(10))
    runner = ScriptedRunner(HogOutcome(error="too slow"), seconds=4.5)
    rows = await tried(tries, world, runner)
    assert runner.limits == [5, 5, 5, 5, 2]
    assert [row["error"] for row in rows[:5]] == ["too slow"] * 5
    assert all(row["error"].startswith("Not run: ") for row in rows[5:])
    assert len(rows) == 10


async def test_a_project_takes_its_turn_for_a_process(tries: Tries, world: ApiWorld) -> None:
    tries.capture("x", "y")
    runner = ScriptedRunner(HogOutcome(verdict=True))
    await tried(tries, world, runner)
    assert runner.owners == [("try", tries.project.id)] * 3


DONE = HogOutcome(verdict=True)
BUSY = "Not run: the server is busy with other programs; try again."


@pytest.mark.parametrize(
    ("answers", "errors"),
    [
        ((None,), [BUSY, BUSY, BUSY]),
        ((DONE, None), [None, BUSY, BUSY]),
        ((HogUnavailable("killed"), DONE), [BUSY, None, None]),
        ((DONE, HogUnavailable("killed")), [None, BUSY, BUSY]),
    ],
    ids=["no process", "no process any more", "killed once", "killed afterwards"],
)
async def test_waiting_is_not_blamed_on_events_that_took_no_time(
    tries: Tries,
    world: ApiWorld,
    answers: tuple[HogOutcome | WorkError | None, ...],
    errors: list[str | None],
) -> None:
    tries.capture(1, 2, 3)
    rows = await tried(tries, world, ScriptedRunner(*answers))
    assert [row["error"] for row in rows] == errors
    assert [row["result"] for row in rows] == [True if error is None else None for error in errors]


async def test_where_no_event_has_a_process_the_answer_is_to_come_again(
    tries: Tries, world: ApiWorld
) -> None:
    tries.capture(1, 2)
    response = await post(tries, world, ScriptedRunner(HogUnavailable("secret")))
    assert (response.status_code, list(response.json())) == (503, ["error"])
    assert "secret" not in response.text


@pytest.mark.parametrize(("error", "status"), [(HogUnavailable("secret"), 503), (HogDefect("secret"), 500)])
async def test_what_keeps_us_from_compiling_is_told_in_one_text(
    tries: Tries, world: ApiWorld, error: WorkError, status: int
) -> None:
    response = await post(tries, world, ScriptedRunner(compiler=error))
    assert (response.status_code, list(response.json())) == (status, ["error"])
    assert "secret" not in response.text


async def test_a_defect_of_ours_is_not_blamed_on_the_program(tries: Tries, world: ApiWorld) -> None:
    tries.capture("x")
    [row] = await tried(tries, world, ScriptedRunner(HogDefect("KeyError in machine: 'secret'")))
    assert row["result"] is None
    assert "defect" in row["error"]
    assert "secret" not in row["error"]


async def test_without_processes_the_answer_is_to_come_again(
    tries: Tries, world: ApiWorld, events: ClickHouseEventStore
) -> None:
    closed = HogProcesses(processes=1, memory_mb=256)
    await closed.close()
    async with world.client(events=events, hog=closed) as client:
        response = await Tries(client, events, tries.project).post("return 5 == 5")
    assert response.status_code == 503
    assert list(response.json()) == ["error"]
