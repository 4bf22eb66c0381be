"""Claims: stored once, found by target, dispatch, batch and time."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from assay.adapters.clickhouse import claims as claims_module
from assay.adapters.clickhouse.addresses import ADDRESSES_PER_QUERY
from assay.adapters.clickhouse.claims import CLAIM_TYPES, CLAIMS_IN, CLAIMS_OF
from assay.contracts.evaluation_batches import BatchRef, Claim, Origin
from assay.contracts.events import EVALUATION, Event
from tests.stores.events.support import Backend, after, as_claimed, claim, event
from tests.stores.events.test_event_store import HOSTILE_TEXT
from tests.stores.events.test_reads_are_narrow import steps_of

DAY = 86_400
ALWAYS = {"since": datetime(2000, 1, 1, tzinfo=UTC), "until": datetime(2100, 1, 1, tzinfo=UTC)}
ONE, OTHER = UUID(int=1), UUID(int=2**100)


def verdict_on(one: Claim) -> Event:
    project = one.batch.project_id
    return event(project, event=EVALUATION, uuid=one.verdict_event_id, timestamp=one.timestamp)


def claim_at(backend: Backend, *claims: tuple[datetime, Claim]) -> None:
    """Claim as if the store's clock had shown these instants."""
    types = CLAIM_TYPES | {"claimed_at": "DateTime64(6, 'UTC')"}
    rows = [(*claims_module._to_row(one), instant) for instant, one in claims]
    columns = [list(column) for column in zip(*rows, strict=True)]
    backend.connection.insert("evaluation_targets", types, columns)


def unjudged(backend: Backend, project: int, limit: int = 100) -> list[Claim]:
    return as_claimed(backend.targets.unjudged(project, limit=limit, **ALWAYS))


def test_a_claim_is_read_as_it_was_stored(backend: Backend, project: int) -> None:
    sent = claim(
        project,
        evaluation=uuid4(),
        evaluation_version=7,
        number=3,
        timestamp=after(-5 * DAY),
        size=2**40,
        origin=Origin.BACKFILL,
    )
    before = datetime.now(UTC)
    backend.targets.claim([sent])

    [found] = backend.targets.claims_in(sent.batch)
    assert as_claimed([found]) == [sent]
    assert found.claimed_at is not None
    assert before <= found.claimed_at <= datetime.now(UTC)
    assert backend.targets.claims_of(project, "dispatch") == [found]
    assert backend.targets.unjudged(project, limit=1, **ALWAYS) == [found]


def test_nothing_to_claim(backend: Backend, project: int) -> None:
    backend.targets.claim([])

    assert backend.targets.claims_of(project, "dispatch") == []
    assert backend.targets.claimed(project, ONE, [], version=None) == set()


def test_claiming_again_changes_nothing(backend: Backend, project: int) -> None:
    claims = [claim(project) for _ in range(3)]
    backend.targets.claim(claims)
    first = backend.targets.claims_of(project, "dispatch")
    waiting = backend.targets.unjudged(project, limit=9, **ALWAYS)
    backend.targets.claim(claims)
    backend.targets.claim([*claims, *claims])

    assert backend.targets.claims_of(project, "dispatch") == first
    assert backend.targets.claims_in(claims[0].batch) == first
    assert backend.targets.unjudged(project, limit=9, **ALWAYS) == waiting
    backend.connection.command("OPTIMIZE TABLE evaluation_targets FINAL")
    assert backend.targets.claims_of(project, "dispatch") == first
    assert backend.targets.unjudged(project, limit=9, **ALWAYS) == waiting


def test_a_target_stays_in_the_batch_that_had_it_first(backend: Backend, project: int) -> None:
    """Two tries of one dispatch may cut its targets differently."""
    mine, other = claim(project), claim(project)
    backend.targets.claim([mine])
    moved = mine.model_copy(update={"batch": mine.batch.model_copy(update={"number": 1})})
    backend.targets.claim([moved, other.model_copy(update={"batch": moved.batch})])

    assert as_claimed(backend.targets.claims_in(mine.batch)) == [mine]
    assert [one.target for one in backend.targets.claims_in(moved.batch)] == [other.target]
    assert len(backend.targets.claims_of(project, "dispatch")) == 2


def test_claims_come_in_the_order_of_evaluation_batch_timestamp_and_uuid(
    backend: Backend, project: int
) -> None:
    claims = [
        claim(
            project,
            evaluation=evaluation,
            number=number,
            timestamp=after(age),
            target=UUID(int=target + number),
        )
        for evaluation in (ONE, OTHER)
        for number in (0, 1)
        for age in (-DAY, 0)
        for target in (1, 2**63, 2**64, 2**127)
    ]
    backend.targets.claim(random.Random(1).sample(claims, len(claims)))

    assert as_claimed(backend.targets.claims_of(project, "dispatch")) == claims
    assert as_claimed(backend.targets.claims_in(claims[8].batch)) == claims[8:16]


def test_batches_dispatches_and_projects_are_kept_apart(backend: Backend, project: int) -> None:
    mine = claim(project)
    others = [
        claim(project, number=1),
        claim(project, evaluation=OTHER),
        claim(project, dispatch="another"),
        claim(project + 10_000),
    ]
    backend.targets.claim([mine, *others])

    assert as_claimed(backend.targets.claims_in(mine.batch)) == [mine]
    assert len(backend.targets.claims_of(project, "dispatch")) == 3
    assert as_claimed(backend.targets.claims_of(project + 10_000, "dispatch")) == [others[3]]
    empty = BatchRef(project_id=project, evaluation_id=ONE, dispatch_id="dispatch", number=9)
    assert backend.targets.claims_in(empty) == []


@pytest.mark.parametrize("text", HOSTILE_TEXT)
def test_the_name_of_a_dispatch_is_never_read_as_sql(backend: Backend, project: int, text: str) -> None:
    sent = claim(project, dispatch=text)
    backend.targets.claim([sent, claim(project)])

    assert as_claimed(backend.targets.claims_of(project, text)) == [sent]
    assert as_claimed(backend.targets.claims_in(sent.batch)) == [sent]


def test_which_targets_are_claimed(backend: Backend, project: int) -> None:
    mine = claim(project, evaluation_version=2)
    backend.targets.claim(
        [
            mine,
            claim(project, evaluation=OTHER),
            claim(project + 10_000),
            claim(project, timestamp=after(DAY)),
        ]
    )
    address = (mine.target, mine.day)

    def claimed(*, by: UUID = ONE, version: int | None = None, of: int = project) -> set[UUID]:
        return backend.targets.claimed(of, by, [address, (uuid4(), mine.day)], version=version)

    assert claimed() == claimed(version=2) == {mine.target}
    assert claimed(version=1) == claimed(version=3) == set()
    assert claimed(by=OTHER) == claimed(of=project + 10_000) == set()
    next_day = [(mine.target, mine.day + timedelta(days=1))]
    assert backend.targets.claimed(project, ONE, next_day, version=None) == set()


def test_every_version_may_claim_a_target(backend: Backend, project: int) -> None:
    first = claim(project, evaluation_version=1)
    second = claim(project, evaluation_version=2, target=first.target, dispatch="later")
    backend.targets.claim([first])
    backend.targets.claim([second])

    for version in (1, 2, None):
        assert backend.targets.claimed(project, ONE, [(first.target, first.day)], version=version)
    assert as_claimed(backend.targets.claims_of(project, "dispatch")) == [first]
    assert as_claimed(backend.targets.claims_of(project, "later")) == [second]


def test_long_lists_of_targets(backend: Backend, project: int) -> None:
    claims = [claim(project, timestamp=after(n % 40 * DAY)) for n in range(ADDRESSES_PER_QUERY + 1)]
    backend.targets.claim(claims)
    asked = [(one.target, one.day) for one in claims] + [(uuid4(), claims[0].day) for _ in range(100)]

    found = backend.targets.claimed(project, ONE, random.Random(2).sample(asked, len(asked)), version=1)

    assert found == {one.target for one in claims}


def test_what_is_claimed_together_appears_together(backend: Backend, project: int) -> None:
    """Of whatever months; a try that is cut off leaves no half of a dispatch."""
    backend.targets.claim([claim(project, timestamp=after(n % 400 * DAY)) for n in range(20_000)])

    sql = "SELECT uniqExact(_part) AS parts, count() AS claims FROM evaluation_targets WHERE project_id = {p:UInt64}"
    assert backend.connection.query(sql, p=project) == [{"parts": 1, "claims": 20_000}]


def test_unjudged_are_those_without_their_verdict(backend: Backend, project: int) -> None:
    claims = [claim(project, timestamp=after(n * DAY)) for n in range(6)]
    backend.targets.claim(claims)
    assert sorted(one.target for one in unjudged(backend, project)) == sorted(one.target for one in claims)

    other_day, other_name, other_project = (verdict_on(one) for one in claims[3:])
    backend.store.insert(
        [
            *(verdict_on(one) for one in claims[:3]),
            event(project, event=EVALUATION),
            other_day.model_copy(update={"timestamp": after(20 * DAY)}),
            other_name.model_copy(update={"event": "$ai_span"}),
            other_project.model_copy(update={"project_id": project + 10_000}),
        ]
    )

    assert unjudged(backend, project) == claims[3:]


def test_a_verdict_of_another_version_is_another_verdict(backend: Backend, project: int) -> None:
    old = claim(project, evaluation_version=1)
    new = claim(project, evaluation_version=2, target=old.target)
    backend.targets.claim([old, new])
    backend.store.insert([verdict_on(new)])

    assert unjudged(backend, project) == [old]


def test_unjudged_come_by_the_time_of_claiming(backend: Backend, project: int) -> None:
    start = datetime(2026, 5, 1, tzinfo=UTC)
    instants = [
        start - timedelta(microseconds=1),
        start,
        start + timedelta(hours=1),
        start + timedelta(hours=2),
    ]
    claims = [claim(project, timestamp=after(-n * DAY)) for n in range(4)]
    claim_at(backend, (start, claim(project + 10_000)), *zip(instants, claims, strict=True))

    def between(since: datetime, until: datetime, limit: int = 9) -> list[Claim]:
        return as_claimed(backend.targets.unjudged(project, since=since, until=until, limit=limit))

    assert between(instants[1], instants[3]) == claims[1:3]
    assert between(instants[0], instants[3], limit=2) == claims[:2]
    assert between(instants[3], instants[3]) == []


def test_unjudged_are_found_in_any_number_of_pieces(
    backend: Backend, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long time of claiming is compared piece by piece; none is left out, none comes twice."""
    monkeypatch.setattr(claims_module, "CLAIMS_AT_ONCE", 3)
    start = datetime(2026, 5, 1, tzinfo=UTC)
    claims = [claim(project) for _ in range(20)]
    claim_at(backend, *((start + timedelta(seconds=number * 25), one) for number, one in enumerate(claims)))
    claim_at(backend, *((start + timedelta(hours=1), one) for one in claims))  # again, in a piece of its own
    backend.store.insert([verdict_on(one) for one in claims[::3]])
    waiting = [one for number, one in enumerate(claims) if number % 3]

    assert unjudged(backend, project) == waiting
    for limit in (1, 5, 12):
        assert unjudged(backend, project, limit=limit) == waiting[:limit]


def test_projects_that_claim(backend: Backend, project: int) -> None:
    start = datetime(2099, 1, 1, tzinfo=UTC) + timedelta(days=project)
    late, early = claim(project), claim(project + 10_000)
    claim_at(backend, (start, late))
    claim_at(backend, (start - timedelta(microseconds=1), early))

    found = backend.targets.claiming_projects(since=start)
    assert project in found
    assert project + 10_000 not in found
    both = backend.targets.claiming_projects(since=start - timedelta(microseconds=1))
    assert both == sorted(set(both))
    assert {project, project + 10_000} <= set(both)


@pytest.mark.parametrize("sql", [CLAIMS_OF, CLAIMS_IN], ids=["dispatch", "batch"])
def test_a_dispatch_is_read_in_its_own_order(backend: Backend, project: int, sql: str) -> None:
    """Its claims lie anywhere in their day; the projection has them together."""
    backend.targets.claim([claim(project, dispatch=f"d{n % 50}") for n in range(20_000)])
    backend.connection.command("OPTIMIZE TABLE evaluation_targets FINAL")

    [row] = backend.connection.query(
        f"EXPLAIN indexes = 1, json = 1 {sql}",
        project_id=project,
        dispatch_id="d7",
        evaluation_id=ONE,
        batch=0,
    )
    [[plan]] = [json.loads(text) for text in row.values()]
    [read] = [step for step in steps_of(plan["Plan"]) if step["Node Type"] == "ReadFromMergeTree"]
    assert "by_dispatch" in read["Description"]
    for index in read["Indexes"]:
        if index["Type"] == "PrimaryKey":
            assert index["Selected Granules"] <= 2 < index["Initial Granules"]
