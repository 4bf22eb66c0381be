"""Lists divided into what goes into one question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator


def portions[Item](
    items: Iterable[Item], *, length: Callable[[Item], int], most: int, most_characters: int
) -> Iterator[list[Item]]:
    """Items in their order, as many at a time as go together; one that is too long for that goes alone.

    Args:
        length: characters that an item takes.
        most: items in a portion, at most.
        most_characters: in a portion of several items, at most.
    """
    portion: list[Item] = []
    characters = 0
    for item in items:
        size = length(item)
        if portion and (len(portion) == most or characters + size > most_characters):
            yield portion
            portion, characters = [], 0
        portion.append(item)
        characters += size
    if portion:
        yield portion
