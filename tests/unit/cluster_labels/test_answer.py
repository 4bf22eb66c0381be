"""What is taken from a model's answer, and what it is told about the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.clustering_runs import LabelSource
from assay.domain.cluster_labels.answer import check_labels, merged
from assay.domain.cluster_labels.naming import folded
from tests.unit.cluster_labels.values import a_label, answer, entry

GOOD = "Refunds for late parcels"


def test_good_names_are_taken() -> None:
    checked = check_labels(
        answer(entry(3, f" {GOOD}\n"), entry(5, "Questions about invoices", 7)), [3, 5], ()
    )
    assert checked.problems == ()
    assert checked.labels[3].title == GOOD
    assert checked.labels[3].description == "- Sentence 0.\n- Sentence 1."
    assert checked.labels[5].description.count("\n") == 4
    assert {label.source for label in checked.labels.values()} == {LabelSource.MODEL}


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        pytest.param([], "Cluster 3: it is not named.", id="missing"),
        pytest.param([entry(4, GOOD)], "Cluster 3: it is not named.", id="another"),
        pytest.param([entry(3, GOOD)] * 2, "Cluster 3: it is named more than once.", id="twice"),
        pytest.param(
            [entry(3, "Late parcels")], "Cluster 3: its title has 2 words, and not 3 to 10.", id="short"
        ),
        pytest.param([entry(3, "a " * 11)], "Cluster 3: its title has 11 words, and not 3 to 10.", id="long"),
        pytest.param([entry(3, "")], "Cluster 3: its title has 0 words, and not 3 to 10.", id="empty"),
        pytest.param(
            [entry(3, "What everybody  Wants")], "Cluster 3: another cluster has the same title.", id="taken"
        ),
        pytest.param(
            [entry(3, GOOD, 1)], "Cluster 3: its description has fewer than 2 sentences.", id="bare"
        ),
    ],
)
def test_what_is_wrong_is_said_and_not_taken(entries: list[dict[str, Any]], problem: str) -> None:
    checked = check_labels(answer(*entries), [3], {"what everybody wants"})
    assert checked == ({}, (problem,))


def test_two_clusters_with_one_title_are_both_wrong() -> None:
    checked = check_labels(
        answer(entry(1, GOOD), entry(2, GOOD.upper()), entry(3, "What to eat today")), [1, 2, 3], ()
    )
    assert (checked.labels.keys(), len(checked.problems)) == ({3}, 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no",
        "[]",
        "null",
        "{}",
        '{"clusters": [{"cluster": "3", "title": "a b c", "description": []}]}',
        "[" * 5000,
    ],
    ids=["empty", "word", "list", "null", "bare", "strings", "deep"],
)
def test_other_answers_are_no_answers(text: str) -> None:
    assert check_labels(text, [3], ()) == ({}, ("It is not the JSON object that was asked for.",))


def test_an_answer_may_stand_in_a_fence() -> None:
    assert check_labels(f"```json\n{answer(entry(3, GOOD))}\n```", [3], ()).labels.keys() == {3}


def test_what_is_not_text_is_mended() -> None:
    text = json.dumps(
        {"clusters": [{"cluster": 3, "title": "a b \ud800", "description": ["- x\ny", "* z", " "]}]}
    )
    label = check_labels(text, [3], ()).labels[3]
    assert (label.title, label.description) == ("a b \ufffd", "- x y\n- z")


@given(st.text(), st.lists(st.integers(), unique=True, max_size=3))
def test_no_answer_raises(text: str, asked: list[int]) -> None:
    check_labels(text, asked, ())


def test_names_of_a_second_answer_fill_the_gaps_of_the_first() -> None:
    first = {1: a_label("One of them"), 2: a_label("Another of them")}
    second = {1: a_label("Not this one"), 3: a_label("another  OF them"), 4: a_label("The fourth one")}
    found = merged(first, second)
    assert {cluster: label.title for cluster, label in found.items()} == {
        1: "One of them",
        2: "Another of them",
        4: "The fourth one",
    }
    assert len({folded(label.title) for label in found.values()}) == len(found)


def test_names_of_a_second_answer_are_no_two_the_same() -> None:
    second = {2: a_label("The same thing"), 3: a_label(" the SAME  thing"), 4: a_label("Another of them")}
    found = merged({1: a_label("One of them")}, second)
    assert {cluster: label.title for cluster, label in found.items()} == {
        1: "One of them",
        2: "The same thing",
        4: "Another of them",
    }


def test_nothing_is_hidden_in_a_name() -> None:
    titles = [
        "\u202eDelayed\x1b[31m \u2066parcel\x00s  here\x9b",
        "Family \U0001f468\u200d\U0001f469 plans now",
    ]
    entries = [
        {"cluster": number, "title": title, "description": ["One\u200f.", "Two\x07."]}
        for number, title in enumerate(titles)
    ]
    labels = check_labels(answer(*entries), [0, 1], ()).labels
    assert [labels[number].title for number in (0, 1)] == ["Delayed[31m parcels here", titles[1]]
    assert labels[0].description == "- One.\n- Two."


@pytest.mark.parametrize(
    ("title", "problem"),
    [
        ("\u202e \x1b \x00", "Cluster 3: its title has 0 words, and not 3 to 10."),
        ("What every\u200ebody wants", "Cluster 3: another cluster has the same title."),
    ],
    ids=["blank", "taken"],
)
def test_a_name_is_what_can_be_seen_of_it(title: str, problem: str) -> None:
    assert check_labels(answer(entry(3, title)), [3], {"what everybody wants"}) == ({}, (problem,))
