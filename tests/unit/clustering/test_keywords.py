from __future__ import annotations

import pytest

from assay.domain.clustering import keywords, title_of
from assay.domain.clustering_texts import verdict_text

TEXTS = [
    "My card payment was declined at the shop",
    "Why was the card payment declined?",
    "Card payment declined again, please help",
    "How do I reset my password?",
    "I forgot my password, please reset it",
    "Please help me to reset the password",
    "the weather is nice",
]
LABELS = [0, 0, 0, 1, 1, 1, -1]

SUBJECTS = ("parcel lost", "password forgotten", "invoice wrong", "refund late")

ANSWER = "Thank you for asking. Let me look into that for you."


def of_subjects(template: str) -> dict[int, list[str]]:
    """Keywords where there are eight texts of each subject."""
    texts = [template.format(subject) for subject in SUBJECTS for _ in range(8)]
    return keywords(texts, [number for number in range(len(SUBJECTS)) for _ in range(8)])


def test_words_that_set_clusters_apart() -> None:
    found = keywords(TEXTS, LABELS)
    assert set(found) == {0, 1}
    assert {word for term in found[0] for word in term.split()} >= {"card", "payment", "declined"}
    assert {word for term in found[1] for word in term.split()} >= {"reset", "password"}
    assert not any("weather" in term for terms in found.values() for term in terms)


def test_no_word_is_said_twice() -> None:
    for terms in keywords(TEXTS, LABELS).values():
        words = [word for term in terms for word in term.split()]
        assert len(words) == len(set(words))


def test_nor_in_another_form() -> None:
    texts = ["activate", "activating", "activated", "activates", "currencies", "currency"]
    found = keywords(texts * 2, [0, 0, 0, 0, 1, 1] * 2)
    assert {number: len(terms) for number, terms in found.items()} == {0: 1, 1: 1}


@pytest.mark.parametrize(
    "border",
    [". ", "? ", "\n", "\n\n", "\r\n", ", ", " (", " 12345 ", " - "],
    ids=["sentence", "question", "line", "turn", "crlf", "comma", "bracket", "number", "dash"],
)
def test_a_pair_is_of_one_phrase(border: str) -> None:
    texts = [f"parcel{border}received", "other matters"]
    assert set(keywords(texts, [0, 1])[0]) == {"parcel", "received"}


def test_stop_words_do_not_part_a_pair() -> None:
    assert keywords(["lost in transit", "other matters"], [0, 1])[0] == ["lost transit"]


def test_a_word_makes_no_pair_with_itself() -> None:
    assert keywords(["bye bye"], [0])[0] == ["bye"]


def test_a_text_does_not_go_on_with_the_one_before() -> None:
    assert "lost refund" not in keywords(["parcel lost", "refund late"] * 3, [0] * 6)[0]


@pytest.mark.parametrize("border", [" ", "\n\n"], ids=["same-line", "turn"])
def test_what_all_texts_say_names_no_cluster(border: str) -> None:
    assert of_subjects("{}?" + border + ANSWER) == {
        number: [subject] for number, subject in enumerate(SUBJECTS)
    }


def test_there_may_be_nothing_else_to_say() -> None:
    assert set(map(tuple, keywords(["ok"] * 40, [0, 1, 2, 3] * 10).values())) == {()}


def test_what_one_large_cluster_says_names_it() -> None:
    found = keywords(["parcel lost"] * 70 + ["invoice wrong"] * 30, [0] * 70 + [1] * 30)
    assert found == {0: ["parcel lost"], 1: ["invoice wrong"]}


def test_one_cluster_is_named_by_what_all_its_texts_say() -> None:
    assert keywords(["parcel lost"] * 40, [0] * 40) == {0: ["parcel lost"]}


def test_few_texts_may_share_words() -> None:
    assert keywords(["reset", "reset"], [0, 1]) == {0: ["reset"], 1: ["reset"]}


@pytest.mark.parametrize(
    "word",
    ["there's", "There’s", "didn't", "didn’t", "don't", "dont", "I'm", "they're", "we've", "let's", "does"],
)
def test_contractions_are_no_keywords(word: str) -> None:
    assert keywords([word, f"{word} parcel"], [0, 1]) == {0: [], 1: ["parcel"]}


@pytest.mark.parametrize("word", ["customer's", "customer’s"], ids=["straight", "curved"])
def test_possessives_are_their_nouns(word: str) -> None:
    assert keywords([f"the {word}"], [0]) == {0: ["customer"]}


@pytest.mark.parametrize(
    "number", ["12345", "3.14", "user_8271", "f47ac10b-58cc-4372-a567-0e02b2c3d479", "x12", "ABC-123"]
)
def test_numbers_and_ids_are_no_keywords(number: str) -> None:
    assert keywords([number, "parcel"], [0, 1]) == {0: [], 1: ["parcel"]}


@pytest.mark.parametrize("name", ["oauth2", "gpt-4", "top-up", "größe"])
def test_names_with_a_digit_or_a_hyphen_are(name: str) -> None:
    assert keywords([name], [0]) == {0: [name]}


@pytest.mark.parametrize("evaluator", ["Helpful Mentor", ""], ids=["named", "nameless"])
def test_what_opens_a_verdict_does_not_count(evaluator: str) -> None:
    texts = [
        verdict_text(evaluator=evaluator, outcome=outcome, reasoning=reasoning)
        for outcome, reasoning in (("pass", "Cites sources"), ("fail", "Invents figures"))
        for _ in range(3)
    ]
    assert keywords(texts, [0] * 3 + [1] * 3) == {0: ["cites sources"], 1: ["invents figures"]}


def test_a_verdict_that_is_spoken_of_counts() -> None:
    assert keywords(["The verdict: guilty"], [0])[0] == ["guilty", "verdict"]


def test_they_do_not_depend_on_the_order_of_texts() -> None:
    assert keywords(TEXTS[::-1], LABELS[::-1]) == keywords(TEXTS, LABELS)


def test_how_many() -> None:
    assert all(len(terms) <= 1 for terms in keywords(TEXTS, LABELS, per_cluster=1).values())


def test_nothing_to_say() -> None:
    assert keywords([], []) == {}
    assert keywords(["a text"], [-1]) == {}
    assert keywords(["the of and", "", "123 !!!"], [0, 0, 1]) == {0: [], 1: []}


def test_a_pair_goes_before_its_words() -> None:
    assert keywords(["reset password"], [4]) == {4: ["reset password"]}


def test_titles() -> None:
    assert title_of(["card payment", "declined", "shop", "help"]) == "Card payment, declined, shop"
    assert title_of([]) == ""
