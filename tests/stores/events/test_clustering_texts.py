"""What the items of a clustering run say, as it is read from the event store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from assay.adapters.clickhouse import ClickHouseClusteringSources
from assay.adapters.clickhouse.clustering_texts import LONGEST_INPUT, LONGEST_MESSAGE, LONGEST_OUTPUT
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import ClusteringItem
from assay.contracts.events import Event
from tests.stores.events.support import NOON, Backend, after, event

TRACE, GENERATION, EVALUATION = AnalysisLevel
DAY = 86_400
ASKED = [{"role": "system", "content": "You help."}, {"role": "user", "content": "How do I pay?"}]
ANSWERED = [{"role": "assistant", "content": "By card."}]
CONVERSATION = "How do I pay?\n\nBy card."


def generation(project: int, /, at: float = 0, **changes: Any) -> Event:
    properties = {"$ai_input": ASKED, "$ai_output_choices": ANSWERED} | changes
    return event(project, properties, timestamp=after(at))


def summary(project: int, /, title: str, at: float = 0, **about: Any) -> Event:
    kind = "$ai_generation_summary" if "$ai_generation_id" in about else "$ai_trace_summary"
    bullets = [{"text": f"About {title}.", "line_refs": ""}]
    properties = {"$ai_summary_title": title, "$ai_summary_bullets": bullets, **about}
    return event(project, properties, event=kind, timestamp=after(at))


def of_trace(trace: str, of: Event | None = None) -> ClusteringItem:
    generation_id = "" if of is None else str(of.uuid)
    return ClusteringItem(id=trace, trace_id=trace, generation_id=generation_id, timestamp=NOON)


def alone(of: Event) -> ClusteringItem:
    return ClusteringItem(id=str(of.uuid), generation_id=str(of.uuid), timestamp=of.timestamp)


class Reader:
    def __init__(self, backend: Backend, project: int) -> None:
        self._sources = ClickHouseClusteringSources(backend.connection)
        self._project = project

    def all(
        self,
        level: AnalysisLevel,
        items: Sequence[ClusteringItem],
        *,
        true_is_failure: Collection[UUID] = (),
    ) -> list[ClusteringItem]:
        return list(self._sources.read(self._project, level, items, true_is_failure=true_is_failure))

    def one(self, item: ClusteringItem, level: AnalysisLevel = GENERATION) -> ClusteringItem:
        [found] = self.all(level, [item])
        return found


@pytest.fixture
def reader(backend: Backend, project: int) -> Reader:
    return Reader(backend, project)


def test_a_trace_says_what_its_newest_summary_says(backend: Backend, reader: Reader, project: int) -> None:
    last = generation(project)
    backend.take(
        after(9),
        last,
        summary(project, "Newest", 2 * DAY, **{"$ai_trace_id": "t"}),
        summary(project, "Older", DAY, **{"$ai_trace_id": "t"}),
    )
    backend.take(after(99), summary(project, "Oldest", 1, **{"$ai_trace_id": "t"}))
    backend.store.insert([summary(project, "Of another", 3 * DAY, **{"$ai_trace_id": "u"})])

    found = reader.one(of_trace("t", last), TRACE)
    assert (found.title, found.text, found.said) == ("Newest", "Newest\n\nAbout Newest.", "How do I pay?")
    assert found.model_copy(update={"title": "", "text": "", "said": ""}) == of_trace("t", last)


def test_without_a_summary_its_generation_speaks(backend: Backend, reader: Reader, project: int) -> None:
    days_before = generation(project, -3 * DAY)
    says_nothing = event(project, {"$ai_trace_id": "t"}, event="$ai_trace_summary")
    backend.store.insert([days_before, says_nothing])
    found = reader.one(of_trace("t", days_before), TRACE)
    assert (found.title, found.text, found.said) == ("", CONVERSATION, "How do I pay?")


def test_without_a_generation_the_trace_itself_does(backend: Backend, reader: Reader, project: int) -> None:
    states = {"$ai_input_state": "How do I pay?", "$ai_output_state": {"text": "By card."}}
    backend.store.insert([event(project, {"$ai_trace_id": "t", **states}, event="$ai_trace")])
    assert reader.one(of_trace("t"), TRACE).text == CONVERSATION


def test_a_generation_with_and_without_a_summary(backend: Backend, reader: Reader, project: int) -> None:
    told, untold, empty = generation(project), generation(project), event(project)
    about = {"$ai_generation_id": str(told.uuid), "$ai_trace_id": "t"}
    backend.store.insert([told, untold, empty, summary(project, "Paying", DAY, **about)])
    gone = event(project)

    found = reader.all(GENERATION, [alone(each) for each in (told, untold, empty, gone)])
    assert {item.id: (item.title, item.text, item.said) for item in found} == {
        str(told.uuid): ("Paying", "Paying\n\nAbout Paying.", "How do I pay?"),
        str(untold.uuid): ("", CONVERSATION, "How do I pay?"),
        str(empty.uuid): ("", "", ""),
        str(gone.uuid): ("", "", ""),
    }


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"$ai_output_choices": None, "$ai_output": "By card."}, (CONVERSATION, "How do I pay?")),
        ({"$ai_output_choices": [], "$ai_output": "By card."}, (CONVERSATION, "How do I pay?")),
        ({"$ai_input": "How do I pay?"}, (CONVERSATION, "How do I pay?")),
        ({"$ai_input": None}, ("By card.", "")),
        ({"$ai_output_choices": None}, ("How do I pay?", "How do I pay?")),
    ],
    ids=["other_output", "empty_choices", "text_input", "no_input", "no_output"],
)
def test_other_ways_to_speak(
    backend: Backend, reader: Reader, project: int, properties: dict[str, Any], expected: tuple[str, str]
) -> None:
    sent = generation(project, **properties)
    backend.store.insert([sent])
    found = reader.one(alone(sent))
    assert (found.text, found.said) == expected


LONG = "x" * LONGEST_INPUT
TOOL_ANSWERS = [{"role": "tool", "content": "y" * 1_000} for _ in range(300)]
HUGE = {"role": "user", "content": "z" * (LONGEST_MESSAGE + 1)}


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ([{"role": "system", "content": LONG}, *ASKED, *TOOL_ANSWERS], CONVERSATION),
        ([*ASKED, HUGE, *TOOL_ANSWERS], CONVERSATION),
        (LONG + "How do I pay?", "x" * 1_987 + CONVERSATION),
        ([{"role": "system", "content": LONG}, {"role": "human", "content": "Pay?"}], "human: Pay?\n\nBy card."),
        ([HUGE] * 9, "By card."),
        ({"state": LONG}, "By card."),
    ],
    ids=["among_tools", "huge_message", "text", "other_roles", "only_huge", "object"],
)  # fmt: skip
def test_long_inputs_are_cut_in_the_store(
    backend: Backend, reader: Reader, project: int, sent: Any, text: str
) -> None:
    stored = generation(project, **{"$ai_input": sent})
    backend.store.insert([stored])
    assert reader.one(alone(stored)).text == text


def test_eight_megabytes(backend: Backend, reader: Reader, project: int) -> None:
    turns = [{"role": "user", "content": f"turn {number} " + "x" * 1_000} for number in range(8_000)]
    stored = generation(project, **{"$ai_input": turns, "$ai_output_choices": "y" * (LONGEST_OUTPUT + 1)})
    backend.store.insert([stored])
    found = reader.one(alone(stored))
    assert found.text.startswith("turn 7999 ")
    assert found.text.count("turn") == 4
    assert "y" not in found.text


def test_the_last_copy_of_a_generation_speaks(backend: Backend, reader: Reader, project: int) -> None:
    sent = generation(project)
    backend.take(after(1), sent, sent)
    backend.take(after(2), sent.model_copy(update={"properties": {"$ai_input": "Something else"}}))
    assert reader.one(alone(sent)).text == "Something else"


def test_verdicts_and_what_they_are_about(backend: Backend, reader: Reader, project: int) -> None:
    target = generation(project, -DAY)
    inverted = uuid4()
    outcomes: list[dict[str, Any]] = [
        {"$ai_evaluation_result": True},
        {"$ai_evaluation_result": False, "$ai_evaluation_applicable": True},
        {"$ai_evaluation_applicable": False},
        {"$ai_evaluation_result": True, "$ai_evaluation_id": str(inverted)},
        {"$ai_sentiment_label": "negative"},
        {},
    ]
    common = {"$ai_evaluation_name": "Tone", "$ai_evaluation_reasoning": "Because."}
    verdicts = [event(project, common | each, event="$ai_evaluation") for each in outcomes]
    backend.store.insert([target, *verdicts])
    items = [alone(each).model_copy(update={"generation_id": str(target.uuid)}) for each in verdicts]
    gone = ClusteringItem(id=str(uuid4()), timestamp=NOON)

    found = {item.id: item for item in reader.all(EVALUATION, [*items, gone], true_is_failure=[inverted])}
    assert [found[item.id].text for item in items] == [
        f"Evaluator: Tone\nVerdict: {outcome}\nBecause."
        for outcome in ("pass", "fail", "n/a", "fail", "negative", "unknown")
    ]
    assert {found[item.id].said for item in items} == {"How do I pay?"}
    assert (found[gone.id].text, found[gone.id].said) == ("", "")


def test_more_than_a_block_and_long_ids(backend: Backend, reader: Reader, project: int) -> None:
    traces = [f"{number:03}" + "é'\\" * 300 for number in range(230)]
    backend.store.insert([summary(project, trace[:3], **{"$ai_trace_id": trace}) for trace in traces])
    found = reader.all(TRACE, [of_trace(trace) for trace in traces])
    assert sorted(item.id for item in found) == traces
    assert all(item.title == item.id[:3] for item in found)


def test_nothing_is_read_of_other_projects(backend: Backend, reader: Reader, project: int) -> None:
    foreign = generation(project + 1_000_000)
    backend.store.insert([foreign, summary(project + 1_000_000, "Secret", **{"$ai_trace_id": "t"})])
    assert reader.one(of_trace("t", foreign), TRACE) == of_trace("t", foreign)
