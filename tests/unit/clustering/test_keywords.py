from __future__ import annotations

from assay.domain.clustering import keywords, title_of

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


def test_words_that_set_clusters_apart() -> None:
    found = keywords(TEXTS, LABELS)
    assert set(found) == {0, 1}
    assert {word for term in found[0] for word in term.split()} >= {"card", "payment", "declined"}
    assert {word for term in found[1] for word in term.split()} >= {"reset", "password"}
    assert not any("weather" in term for terms in found.values() for term in terms)


def test_no_term_is_said_twice() -> None:
    for terms in keywords(TEXTS, LABELS).values():
        for term in terms:
            assert not any(set(term.split()) < set(other.split()) for other in terms)


def test_they_do_not_depend_on_the_order_of_texts() -> None:
    assert keywords(TEXTS[::-1], LABELS[::-1]) == keywords(TEXTS, LABELS)


def test_how_many() -> None:
    assert all(len(terms) <= 1 for terms in keywords(TEXTS, LABELS, per_cluster=1).values())


def test_nothing_to_say() -> None:
    assert keywords([], []) == {}
    assert keywords(["a text"], [-1]) == {}
    assert keywords(["the of and", "", "123 !!!"], [0, 0, 1]) == {0: [], 1: []}


def test_a_single_text() -> None:
    assert (
        keywords(["reset password"], [4]) == {4: ["reset password"]} or keywords(["reset password"], [4])[4]
    )


def test_titles() -> None:
    assert title_of(["card payment", "declined", "shop", "help"]) == "Card payment, declined, shop"
    assert title_of([]) == ""
