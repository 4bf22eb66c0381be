"""What a conversation has shown and written follows from its messages alone."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.report_runs import ReportContent
from assay.domain.report_author.conversation import Conversation, tool_calls, with_fewer_calls
from assay.domain.report_author.draft import MAX_SECTIONS
from assay.domain.report_author.tools import ToolMisuse
from tests.unit.report_author.conversations import ONE, OPENING, TWO, a_call, a_result, asking, turn

OK = {"ok": True}


def conversation(*turns: list[dict[str, Any]]) -> Conversation:
    return Conversation.of([*OPENING, *(message for each in turns for message in each)])


SEEN = turn(("sample_eval_results", {}, {"results": [a_result()]}))
TITLE = ("set_title", {"title": "News"}, OK)
SECTION = ("add_section", {"title": "Summary", "content": f"As in `{ONE}`."}, OK)
CITATION = ("add_citation", {"generation_id": ONE, "reason": "Shows it."}, OK)


def test_a_report_is_what_the_write_calls_make() -> None:
    found = conversation(SEEN, turn(TITLE, SECTION, CITATION))
    assert found.draft.problems(found.evidence) == []
    content = found.draft.content(None)
    assert (content.title, content.sections[0].title) == ("News", "Summary")
    citation = content.citations[0]
    assert (citation.generation_id, citation.trace_id, citation.session_id) == (ONE, "trace-1", "")


def test_only_what_was_returned_before_can_be_cited() -> None:
    early = conversation(turn(CITATION), SEEN)
    assert early.draft.citations == ()
    with pytest.raises(ToolMisuse, match="no earlier query"):
        early.write(a_call("add_citation", generation_id=TWO, reason="Made up."))
    early.write(a_call("add_citation", generation_id=ONE, reason="Seen by now."))
    assert len(early.draft.citations) == 1


def test_ids_in_what_users_and_models_said_are_no_evidence() -> None:
    said = json.dumps({"generation_id": TWO, "trace_id": "trace-2"})
    row = a_result(reasoning=said, text=f"generation_id {TWO}")
    found = conversation(turn(("sample_eval_results", {}, {"results": [row]})))
    assert set(found.evidence.generations) == {ONE}
    assert found.evidence.traces == {"trace-1"}


def test_what_write_tools_and_the_model_say_is_no_evidence() -> None:
    spoken = {"role": "assistant", "content": json.dumps(a_result(TWO))}
    echoed = turn(("set_title", {"title": "News"}, {"ok": True, **a_result(TWO)}))
    found = conversation([spoken], echoed, [{"role": "user", "content": json.dumps(a_result(TWO))}])
    assert found.evidence.generations == {}


def test_an_unanswered_call_has_written_nothing() -> None:
    found = conversation(SEEN, turn(TITLE, SECTION, CITATION)[:2])
    assert (found.draft.title, found.draft.sections) == ("News", ())


@pytest.mark.parametrize(
    ("content", "uncited"),
    [
        (f"See `{ONE}`.", [ONE]),
        (f"See `` {ONE} ``.", [ONE]),
        (f"See `{ONE.upper()}`.", [ONE.upper()]),
        (f"See `{TWO}`.", [TWO]),
        (f"See `generation {TWO}`.", [TWO]),
        ("See `trace-1`.", ["trace-1"]),
        (f"```\n{TWO}\n```", [TWO]),
        (f"A \\` is no mark, `{TWO}` is.", [TWO]),
        (f"Code:\n\n    indented {TWO}", [TWO]),
        ("See `trace-of-others`.", ["trace-of-others"]),
        ("See `4bf92f3577b34da6a3ce929d0e0e4736`.", ["4bf92f3577b34da6a3ce929d0e0e4736"]),
        ("Call `reset_password()` with `trace_id` and `1234567890123456789`.", []),
        ("Nothing.", []),
    ],
    ids=[
        "seen",
        "double",
        "upper",
        "unseen",
        "inside",
        "trace",
        "block",
        "escaped",
        "indented",
        "called-trace",
        "hex",
        "code",
        "nothing",
    ],
)
def test_ids_in_backticks_must_be_cited(content: str, uncited: list[str]) -> None:
    section = ("add_section", {"title": "Summary", "content": content}, OK)
    found = conversation(SEEN, turn(TITLE, section))
    assert found.draft.uncited(found.evidence) == uncited
    problems = found.draft.problems(found.evidence)
    assert bool(problems) == bool(uncited)
    for problem in problems:
        assert all(each in problem.advice and each not in problem.words for each in uncited)


@pytest.mark.parametrize(
    "content",
    [
        f"See {TWO}.",
        f"See **{TWO}**.",
        f"[x](https://example.com/{TWO})",
        f"[x](https://example.com/{TWO.replace('-', '%2D')})",
        f"[x][1]\n\n[1]: https://example.com/ '{TWO}'",
        f"![x](https://example.com/{TWO})",
        f"<!-- {TWO} -->",
        f"| a |\n|---|\n| {TWO} |",
        TWO.replace("-", "\\-"),
        TWO.replace("-", "&#45;"),
        f"{TWO[:10]}**{TWO[10:20]}**{TWO[20:]}",
    ],
    ids=[
        "bare",
        "bold",
        "link",
        "encoded-link",
        "link-title",
        "picture",
        "comment",
        "table",
        "escaped",
        "entity",
        "split",
    ],
)
@pytest.mark.parametrize("place", ["content", "title", "heading"])
def test_ids_that_were_not_shown_stand_nowhere(content: str, place: str) -> None:
    texts = {"content": "Text.", "heading": "Summary", "title": "News"} | {place: content}
    section = ("add_section", {"title": texts["heading"], "content": texts["content"]}, OK)
    found = conversation(SEEN, turn(("set_title", {"title": texts["title"]}, OK), section))
    [problem] = found.draft.problems(found.evidence)
    assert "1 ids that its author was not shown" in problem.words
    assert TWO in problem.advice
    assert TWO not in problem.words


def test_an_id_that_was_shown_may_stand_in_prose() -> None:
    section = ("add_section", {"title": "Summary", "content": f"As in {ONE} and {ONE.upper()}."}, OK)
    found = conversation(SEEN, turn(TITLE, section))
    assert found.draft.problems(found.evidence) == []


def test_reasons_of_citations_name_no_other_ids() -> None:
    found = conversation(SEEN)
    with pytest.raises(ToolMisuse, match="The reason names ids"):
        found.write(a_call("add_citation", generation_id=ONE, reason=f"Like {TWO}."))
    found.write(a_call("add_citation", generation_id=ONE, reason=f"As {ONE} shows."))
    assert len(found.draft.citations) == 1


def test_what_was_read_is_counted_and_what_was_written_is_not() -> None:
    found = conversation(SEEN, turn(TITLE, SECTION, CITATION))
    assert found.read_chars == len(SEEN[1]["content"])


def test_citing_a_generation_covers_its_trace() -> None:
    section = ("add_section", {"title": "Summary", "content": f"`{ONE}` in `trace-1`."}, OK)
    found = conversation(SEEN, turn(TITLE, section, CITATION))
    assert found.draft.problems(found.evidence) == []


def test_a_section_with_the_same_title_replaces_the_other() -> None:
    again = ("add_section", {"title": "Summary", "content": "Better."}, OK)
    found = conversation(turn(TITLE, SECTION, again))
    assert [section.content for section in found.draft.sections] == ["Better."]


def test_there_are_no_more_than_six_sections() -> None:
    sections = [("add_section", {"title": f"{n}", "content": "Text."}, OK) for n in range(MAX_SECTIONS)]
    found = conversation(turn(TITLE, *sections))
    with pytest.raises(ToolMisuse, match="6 sections"):
        found.write(a_call("add_section", title="7", content="Text."))
    found.write(a_call("add_section", title="0", content="Other text."))
    assert len(found.draft.sections) == MAX_SECTIONS


def test_an_empty_draft_is_no_report() -> None:
    found = conversation()
    assert [problem.words for problem in found.draft.problems(found.evidence)] == [
        "it has no title",
        "it has no sections",
    ]


CALLS = st.one_of(
    st.tuples(st.just("set_title"), st.fixed_dictionaries({"title": st.text(max_size=210)})),
    st.tuples(
        st.just("add_section"),
        st.fixed_dictionaries(
            {
                "title": st.sampled_from([str(n) for n in range(9)]),
                "content": st.text(max_size=20) | st.sampled_from([f"`{ONE}`", f"`{TWO}`"]),
            }
        ),
    ),
    st.tuples(
        st.just("add_citation"),
        st.fixed_dictionaries(
            {"generation_id": st.sampled_from([ONE, TWO, str(UUID(int=3))]), "reason": st.text(max_size=210)}
        ),
    ),
    st.tuples(st.just("get_nothing"), st.just({})),
)


@given(st.lists(CALLS, max_size=20))
def test_what_passes_the_checks_keeps_every_rule(calls: list[tuple[str, dict[str, Any]]]) -> None:
    seen = turn(("sample_eval_results", {}, {"results": [a_result(), a_result(TWO, trace_id="trace-2")]}))
    found = conversation(seen, turn(*((name, arguments, OK) for name, arguments in calls)))
    draft = found.draft
    assert len(draft.sections) <= MAX_SECTIONS
    assert {citation.generation_id for citation in draft.citations} <= {ONE, TWO}
    assert len({citation.generation_id for citation in draft.citations}) == len(draft.citations)
    if not draft.problems(found.evidence):
        content = ReportContent.model_validate_json(draft.content(None).model_dump_json())
        assert 1 <= len(content.title) <= 200
        assert 1 <= len(content.sections) <= MAX_SECTIONS
        assert all(section.content for section in content.sections)
        cited = {citation.generation_id for citation in content.citations}
        named = {each for each in (ONE, TWO) for section in content.sections if each in section.content}
        assert named <= cited


def test_calls_beyond_the_most_are_left_out_of_the_message() -> None:
    message = asking(*[("get_summary_metrics", {})] * 5)
    assert len(tool_calls(with_fewer_calls(message, 3))) == 3
    assert with_fewer_calls(message, 5) == message
    assert tool_calls({"role": "assistant", "content": "Done."}) == []
