"""What reports read: every result once, in the window of its first arrival."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.adapters.clickhouse.report_data import COUNT
from assay.contracts.events import EventRef
from assay.contracts.report_data import ReportedResult, Window
from tests.stores.events.support import NOON, Backend, after, event
from tests.stores.events.test_event_store import HOSTILE_TEXT
from tests.stores.events.test_reads_are_narrow import indexes_used
from tests.stores.events.verdicts import (
    HOUR,
    INSIDE,
    MICROSECOND,
    NOT_APPLICABLE,
    ONE,
    OTHER,
    SINCE,
    SKIPPED,
    UNTIL,
    sentiment,
    verdict,
    window,
)

DAY = 86_400


def outcomes(backend: Backend, of: Window) -> dict[str, int]:
    found = backend.report_data.outcome_counts(of, true_is_failure=False)
    assert backend.report_data.count(of) == sum(found.values())
    return found


def results(backend: Backend, of: Window, limit: int = 100, **asked: Any) -> list[ReportedResult]:
    return backend.report_data.results(of, true_is_failure=False, limit=limit, **asked)


def everything(backend: Backend, of: Window) -> list[object]:
    """Every answer about a window."""
    data = backend.report_data
    return [
        data.count(of),
        data.outcome_counts(of, true_is_failure=False),
        data.buckets(of, by="hour", true_is_failure=True),
        data.buckets(of, by="day", true_is_failure=False),
        *(results(backend, of, order=order) for order in ("recent", "random", "score")),
        *(data.reasons(of, true_is_failure=False, outcome=name, limit=9) for name in ("pass", "fail")),
        *(data.nth_last_arrival(of.project_id, of.evaluation_id, n) for n in (1, 25)),
    ]


def test_an_evaluation_without_results(backend: Backend, project: int) -> None:
    of = window(project)

    assert outcomes(backend, of) == {}
    assert backend.report_data.buckets(of, by="hour", true_is_failure=False) == []
    assert results(backend, of) == []
    assert backend.report_data.reasons(of, true_is_failure=False, outcome="fail", limit=5) == []
    assert backend.report_data.nth_last_arrival(project, ONE, 1) is None


def test_a_result_is_read_as_it_was_written(backend: Backend, project: int) -> None:
    links = {"$ai_target_event_id": "the target", "$ai_trace_id": "a trace", "$session_id": "a session"}
    sent = verdict(project, False, properties={"$ai_evaluation_reasoning": "“Nein”, 5 % \n off.", **links})
    backend.take(INSIDE, sent)

    assert results(backend, window(project)) == [
        ReportedResult(
            verdict_id=sent.uuid,
            outcome="fail",
            reasoning="“Nein”, 5 % \n off.",
            generation_id="the target",
            trace_id="a trace",
            session_id="a session",
            timestamp=NOON,
            ingested_at=INSIDE,
        )
    ]


def test_what_a_verdict_does_not_name_is_empty(backend: Backend, project: int) -> None:
    backend.take(
        INSIDE, verdict(project, properties={"$ai_target_event_id": None, "$ai_evaluation_reasoning": None})
    )

    [found] = results(backend, window(project))
    assert (found.generation_id, found.trace_id, found.session_id, found.reasoning) == ("", "", "", "")
    assert found.score is None


def test_a_verdict_arrives_when_the_store_takes_it(backend: Backend, project: int) -> None:
    sent = verdict(project)
    backend.store.insert([sent])
    stored = backend.store.find_event(EventRef.of(sent))
    assert stored is not None
    at = stored.ingested_at
    assert at is not None

    assert backend.report_data.nth_last_arrival(project, ONE, 1) == at
    assert backend.report_data.count(window(project, since=at, until=at + MICROSECOND)) == 1


def test_outcomes(backend: Backend, project: int) -> None:
    """What does not apply counts as such, whatever result it names; what was skipped is in nothing."""
    backend.take(
        INSIDE,
        *(verdict(project, True) for _ in range(3)),
        verdict(project, True, properties={"$ai_evaluation_applicable": True}),
        *(verdict(project, False) for _ in range(2)),
        verdict(project, None, properties=NOT_APPLICABLE),
        verdict(project, True, properties=NOT_APPLICABLE),
        verdict(project, None, properties=SKIPPED),
        verdict(project, True, properties={"$ai_evaluation_skipped": "true"}),
        verdict(project, True, properties={"$ai_evaluation_skipped": False}),
        verdict(project, None),
        verdict(project, None, properties={"$ai_evaluation_result": "perhaps"}),
    )

    of = window(project)
    assert outcomes(backend, of) == {"pass": 5, "fail": 2, "na": 2}
    assert Counter(one.outcome for one in results(backend, of)) == {"pass": 5, "fail": 2, "na": 2}


def test_where_true_is_a_failure_passes_and_failures_change_places(backend: Backend, project: int) -> None:
    data, of = backend.report_data, window(project)
    backend.take(
        INSIDE,
        *(verdict(project, True, properties={"$ai_evaluation_reasoning": "true"}) for _ in range(3)),
        verdict(project, False, properties={"$ai_evaluation_reasoning": "false"}),
        verdict(project, None, properties=NOT_APPLICABLE),
    )

    assert data.outcome_counts(of, true_is_failure=True) == {"pass": 1, "fail": 3, "na": 1}
    [bucket] = data.buckets(of, by="hour", true_is_failure=True)
    assert bucket.counts == {"pass": 1, "fail": 3, "na": 1}
    assert data.reasons(of, true_is_failure=True, outcome="fail", limit=5) == [("true", 3)]
    assert data.reasons(of, true_is_failure=True, outcome="pass", limit=5) == [("false", 1)]
    [passed] = data.results(of, true_is_failure=True, outcome="pass", limit=5)
    assert (passed.reasoning, passed.outcome) == ("false", "pass")
    assert len(data.results(of, true_is_failure=True, outcome="na", limit=5)) == 1


def test_sentiments(backend: Backend, project: int) -> None:
    sent = [
        sentiment(project, label, score)
        for label, score in [("positive", 0.5), ("neutral", None), ("negative", 0.9), ("positive", 0.7)]
    ]
    backend.take(INSIDE, *sent, sentiment(project, "ecstatic", 1.0))

    of = window(project)
    assert outcomes(backend, of) == {"positive": 2, "neutral": 1, "negative": 1}
    assert backend.report_data.outcome_counts(of, true_is_failure=True) == outcomes(backend, of)
    ordered = results(backend, of, order="score")
    assert [one.score for one in ordered] == [0.9, 0.7, 0.5, None]
    best = results(backend, of, order="score", outcome="positive", limit=1)
    assert [(one.verdict_id, one.score) for one in best] == [(sent[3].uuid, 0.7)]


def test_a_window_is_half_open(backend: Backend, project: int) -> None:
    for at, result in [
        (SINCE - MICROSECOND, None),
        (SINCE, True),
        (UNTIL - MICROSECOND, False),
        (UNTIL, None),
    ]:
        backend.take(at, verdict(project, result, properties=NOT_APPLICABLE if result is None else {}))

    assert outcomes(backend, window(project)) == {"pass": 1, "fail": 1}
    assert outcomes(backend, window(project, until=SINCE)) == {}
    assert outcomes(backend, window(project, since=UNTIL, until=UNTIL + MICROSECOND)) == {"na": 1}


def test_it_is_the_arrival_that_counts_not_the_time_of_the_target(backend: Backend, project: int) -> None:
    """A verdict on an old generation is new when it comes."""
    backend.take(INSIDE, verdict(project, timestamp=after(-400 * DAY)), verdict(project, timestamp=INSIDE))
    backend.take(UNTIL, verdict(project, timestamp=INSIDE))

    assert outcomes(backend, window(project)) == {"pass": 2}
    assert outcomes(backend, window(project, since=UNTIL, until=UNTIL + HOUR)) == {"pass": 1}


def test_writing_verdicts_again_changes_no_answer(backend: Backend, project: int) -> None:
    sent = [
        verdict(project, n % 3 == 0, timestamp=after(n % 5 * DAY), properties={"n": n}) for n in range(30)
    ]
    scored = [sentiment(project, "positive", 0.5), sentiment(project, "negative", None)]
    backend.take(SINCE, *sent[:10], *scored)
    backend.take(INSIDE, *sent[10:])
    windows = [
        window(project),
        window(project, until=INSIDE),
        window(project, since=UNTIL, until=UNTIL + HOUR),
    ]
    before = [everything(backend, one) for one in windows]
    assert [answers[0] for answers in before] == [32, 12, 0]

    backend.take(SINCE, *sent[:10])  # at once: a place that is taken
    backend.take(INSIDE + MICROSECOND, *sent, *scored)
    backend.take(INSIDE + HOUR, *sent, *sent)
    backend.take(UNTIL, *scored, *sent)

    assert [everything(backend, one) for one in windows] == before
    backend.connection.command("OPTIMIZE TABLE verdict_arrivals FINAL")
    assert outcomes(backend, windows[0]) == before[0][1]


def test_a_verdict_counts_as_it_was_written_first(backend: Backend, project: int) -> None:
    """Otherwise a report that was sent would be wrong afterwards."""
    first = verdict(project, True, properties={"$ai_evaluation_reasoning": "first"})
    scored = sentiment(project, "neutral", None)
    backend.take(INSIDE, first, scored)
    backend.take(
        INSIDE + HOUR,
        verdict(project, False, uuid=first.uuid),
        sentiment(project, "positive", 0.9, uuid=scored.uuid),
    )

    of = window(project)
    assert outcomes(backend, of) == {"pass": 1, "neutral": 1}
    found = {one.outcome: (one.reasoning, one.score) for one in results(backend, of)}
    assert found == {"pass": ("first", None), "neutral": ("Because.", None)}
    assert backend.report_data.reasons(of, true_is_failure=False, outcome="fail", limit=9) == []


def test_a_verdict_that_was_skipped_first_arrives_when_it_is_reached(backend: Backend, project: int) -> None:
    skipped = verdict(project, None, properties=SKIPPED)
    backend.take(SINCE - HOUR, skipped, verdict(project, None, uuid=UUID(int=9)))
    backend.take(INSIDE, verdict(project, uuid=skipped.uuid), verdict(project, uuid=UUID(int=9)))

    assert outcomes(backend, window(project)) == {"pass": 2}


def test_other_evaluations_projects_and_events_are_not_seen(backend: Backend, project: int) -> None:
    mine = verdict(project)
    backend.take(
        INSIDE,
        mine,
        verdict(project, evaluation=OTHER, uuid=UUID(int=mine.uuid.int + 1)),
        verdict(project + 10_000, uuid=mine.uuid),
        event(project, {**mine.properties}, event="$ai_generation"),
        event(project, {**mine.properties}, event="$ai_evaluation_report"),
        *(
            verdict(project, properties={"$ai_evaluation_id": name})
            for name in (None, "", "1", "nonsense", {"a": str(ONE)}, 5)
        ),
    )

    assert [one.verdict_id for one in results(backend, window(project))] == [mine.uuid]
    assert everything(backend, window(project))[:2] == [1, {"pass": 1}]
    assert outcomes(backend, window(project, evaluation_id=OTHER)) == {"pass": 1}
    assert outcomes(backend, window(project + 10_000)) == {"pass": 1}
    assert outcomes(backend, window(project, evaluation_id=UUID(int=0))) == {}


def test_an_earlier_verdict_of_another_evaluation_hides_nothing(backend: Backend, project: int) -> None:
    mine = verdict(project)
    elsewhere = verdict(project, evaluation=OTHER, uuid=mine.uuid, timestamp=mine.timestamp)
    backend.take(SINCE - HOUR, elsewhere)
    backend.take(SINCE - HOUR, mine.model_copy(update={"project_id": project + 10_000}))
    backend.take(INSIDE, mine)

    assert outcomes(backend, window(project)) == {"pass": 1}


def test_every_version_of_an_evaluation_counts(backend: Backend, project: int) -> None:
    """A target that two versions have judged has two results."""
    target = {"$ai_target_event_id": "the target"}
    for version in (1, 2, 3):
        properties = {**target, "$ai_evaluation_version": version}
        backend.take(INSIDE, verdict(project, version > 1, properties=properties))

    assert outcomes(backend, window(project)) == {"pass": 2, "fail": 1}
    assert {one.generation_id for one in results(backend, window(project))} == {"the target"}


def test_buckets_by_hour_and_by_day(backend: Backend, project: int) -> None:
    midnight = datetime(2026, 4, 2, tzinfo=UNTIL.tzinfo)
    backend.take(SINCE, verdict(project, True))
    backend.take(INSIDE - MICROSECOND, verdict(project, False))
    backend.take(INSIDE, verdict(project, False), verdict(project, None, properties=NOT_APPLICABLE))
    backend.take(midnight - MICROSECOND, verdict(project, True))
    backend.take(midnight, verdict(project, True), verdict(project, True))
    of = window(project, until=midnight + HOUR)

    by_hour = backend.report_data.buckets(of, by="hour", true_is_failure=False)
    assert [(bucket.start, bucket.counts) for bucket in by_hour] == [
        (INSIDE - HOUR, {"pass": 1, "fail": 1}),
        (INSIDE, {"fail": 1, "na": 1}),
        (midnight - HOUR, {"pass": 1}),
        (midnight, {"pass": 2}),
    ]
    by_day = backend.report_data.buckets(of, by="day", true_is_failure=False)
    assert [(bucket.start, bucket.counts) for bucket in by_day] == [
        (midnight - timedelta(days=1), {"pass": 2, "fail": 2, "na": 1}),
        (midnight, {"pass": 2}),
    ]
    with pytest.raises(ValueError, match="by hour or day, not by minute"):
        backend.report_data.buckets(of, by="minute", true_is_failure=False)


def test_the_newest_results_come_first(backend: Backend, project: int) -> None:
    sent = [verdict(project, n % 2 == 0, uuid=UUID(int=2**64 * (n + 1))) for n in range(6)]
    for number, one in enumerate(sent[:4]):
        backend.take(INSIDE + number * MICROSECOND, one)
    backend.take(INSIDE + HOUR, sent[5], sent[4])

    of = window(project)
    newest = [one.uuid for one in reversed(sent)]
    assert [one.verdict_id for one in results(backend, of)] == newest
    assert [one.verdict_id for one in results(backend, of, limit=2)] == newest[:2]
    passed = results(backend, of, outcome="pass", limit=2)
    assert [one.verdict_id for one in passed] == newest[1:4:2]
    assert results(backend, of, limit=0) == []
    assert results(backend, of, outcome="positive") == []
    with pytest.raises(ValueError, match="recent, random, score, not oldest"):
        results(backend, of, order="oldest")


def test_a_random_sample_repeats_and_is_spread(backend: Backend, project: int) -> None:
    sent = [verdict(project, uuid=UUID(int=random.Random(n).getrandbits(128))) for n in range(400)]
    for number in range(0, 400, 50):
        backend.take(INSIDE + number * MICROSECOND, *sent[number : number + 50])
    of = window(project)

    sample = results(backend, of, order="random", limit=80)
    backend.take(INSIDE + HOUR, *random.Random(1).sample(sent, 100))
    assert results(backend, of, order="random", limit=80) == sample
    assert len({one.verdict_id for one in sample}) == 80
    per_insert = Counter(one.ingested_at for one in sample)
    assert len(per_insert) == 8
    assert max(per_insert.values()) < 25


def test_the_most_frequent_reasons(backend: Backend, project: int) -> None:
    reasons = {"rude": 3, "late": 2, "a lie": 2, "odd": 1, "": 5}
    backend.take(
        INSIDE,
        *(
            verdict(project, False, properties={"$ai_evaluation_reasoning": reason})
            for reason, times in reasons.items()
            for _ in range(times)
        ),
        *(verdict(project, True, properties={"$ai_evaluation_reasoning": "rude"}) for _ in range(9)),
    )

    of = window(project)
    found = backend.report_data.reasons(of, true_is_failure=False, outcome="fail", limit=3)
    assert found == [("rude", 3), ("a lie", 2), ("late", 2)]


def test_the_nth_last_arrival(backend: Backend, project: int) -> None:
    sent = [verdict(project, timestamp=after(n * DAY)) for n in range(5)]
    for hours, one in enumerate(sent):
        backend.take(SINCE + hours * HOUR, one)
    backend.take(SINCE + 9 * HOUR, verdict(project, evaluation=OTHER), verdict(project + 10_000))
    backend.take(SINCE + 9 * HOUR, verdict(project, None, properties=SKIPPED))

    def nth(n: int) -> datetime | None:
        return backend.report_data.nth_last_arrival(project, ONE, n)

    expected = [SINCE + hours * HOUR for hours in (4, 3, 2, 1, 0)]
    assert [nth(n) for n in range(1, 6)] == expected
    assert nth(6) is None

    for minutes in range(1, 5):  # many copies of few, so that the last copies are not the last results
        backend.take(SINCE + 10 * HOUR + minutes * HOUR / 60, *sent[:2])
    assert [nth(n) for n in (1, 3, 5)] == [expected[n - 1] for n in (1, 3, 5)]
    assert nth(6) is None
    assert nth(10**9) is None


@pytest.mark.parametrize("text", HOSTILE_TEXT)
def test_texts_are_never_read_as_sql(backend: Backend, project: int, text: str) -> None:
    fields = dict.fromkeys(("$ai_evaluation_reasoning", "$ai_target_event_id", "$ai_trace_id"), text)
    backend.take(INSIDE, verdict(project, False, properties=fields))

    of = window(project)
    [found] = results(backend, of)
    assert (found.reasoning, found.generation_id, found.trace_id) == (text, text, text)
    expected = [(text, 1)] if text else []
    assert backend.report_data.reasons(of, true_is_failure=False, outcome="fail", limit=9) == expected
    assert results(backend, of, outcome=text or "none") == []


@pytest.mark.parametrize(
    "value", [{"a": 1}, [1, None], 5, 1.5, True, "nan", "inf", "x" * 10_000, ""], ids=str
)
def test_odd_values_fail_no_insert(backend: Backend, project: int, value: object) -> None:
    """Clients send verdicts as well."""
    odd = [
        verdict(project, properties={key: value})
        for key in (
            "$ai_evaluation_id",
            "$ai_evaluation_applicable",
            "$ai_evaluation_skipped",
            "$ai_evaluation_reasoning",
            "$ai_sentiment_label",
            "$ai_target_event_id",
            "$ai_trace_id",
        )
    ]
    scored = sentiment(project, "neutral", None)
    scored.properties["$ai_sentiment_score"] = value
    backend.take(INSIDE, *odd, scored)

    assert outcomes(backend, window(project))["neutral"] == 1
    [found] = results(backend, window(project), outcome="neutral")
    assert found.score == (value if type(value) in (int, float) else None)


WRITINGS = st.lists(
    st.dictionaries(st.integers(0, 9), st.sampled_from(["pass", "fail", "na"]), max_size=5),
    min_size=1,
    max_size=5,
)
"""What of ten verdicts was written in one hour after the other, and what they said."""

SAID = {"pass": (True, {}), "fail": (False, {}), "na": (None, NOT_APPLICABLE)}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writings=WRITINGS, cut=st.integers(0, 5))
def test_windows_part_the_results(
    backend: Backend, project: int, writings: list[dict[int, str]], cut: int
) -> None:
    """Wherever they are cut, two windows hold each verdict once, where and as it was written first."""
    evaluation = uuid4()
    names = [uuid5(evaluation, str(number)) for number in range(10)]
    expected: tuple[dict[UUID, str], dict[UUID, str]] = ({}, {})
    for hours, written in enumerate(writings):
        sent = []
        for number, outcome in written.items():
            result, properties = SAID[outcome]
            one = verdict(project, result, uuid=names[number], evaluation=evaluation, properties=properties)
            sent.append(one.model_copy(update={"timestamp": after(number % 3 * DAY)}))
            if names[number] not in expected[0] | expected[1]:
                expected[hours >= cut][names[number]] = outcome
        if sent:
            backend.take(SINCE + hours * HOUR, *sent)

    edge, end = SINCE + cut * HOUR, SINCE + 9 * HOUR
    for begin, until, outcome_of in [(SINCE, edge, expected[0]), (edge, end, expected[1])]:
        of = window(project, evaluation_id=evaluation, since=begin, until=until)
        assert {one.verdict_id: one.outcome for one in results(backend, of)} == outcome_of
        assert outcomes(backend, of) == Counter(outcome_of.values())


def test_what_is_long_past_is_not_read(backend: Backend, project: int) -> None:
    """Copies that arrived before are looked for among targets of the same days, by the engine's own account."""
    backend.connection.command(f"""
        INSERT INTO verdict_arrivals (project_id, evaluation_id, ingested_at, uuid, timestamp, result)
        SELECT {project}, '{ONE}', at, generateUUIDv4(), at, true
        FROM (SELECT toDateTime64('2026-04-01 11:00:00', 6, 'UTC') - number * 10 AS at FROM numbers(100000))
    """)
    backend.connection.command("OPTIMIZE TABLE verdict_arrivals FINAL")
    of = window(project, since=INSIDE)
    assert backend.report_data.count(of) == 361

    used = indexes_used(backend, COUNT, **dict(of))
    assert "by_day" in {index.get("Name") for index in used}
    assert used[0]["Initial Granules"] > 10
    assert used[-1]["Selected Granules"] <= 4
