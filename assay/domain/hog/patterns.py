"""Patterns in texts: regular expressions (RE2) and `like`.

Both look for a match anywhere in the text, in time linear in its length. The dot of a regular expression and
the wildcards of `like` (`%` any run, `_` one character) match everything except a line feed. A compiled
pattern is kept for the next time; what a search is charged does not depend on that.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from enum import Enum
from typing import Any, Final, NamedTuple

import re2

from assay.domain.hog.arguments import text_argument
from assay.domain.hog.budget import Budget
from assay.domain.hog.errors import HogInputError, HogRuntimeError
from assay.domain.hog.limits import MAX_PATTERN
from assay.domain.hog.utf8 import decoded, encoded
from assay.domain.hog.values import Value

_MAX_MEMORY: Final = 1024 * 1024
"""Bytes that a compiled pattern may take, the states of its automaton included."""

_MOST_KEPT: Final = 32
"""Compiled patterns that are kept."""

_WORK_PER_STEP: Final = 32
"""Bytes of a text times instructions of a pattern that a step pays for.

RE2 needs 1 to 2 ns for a byte as long as the pattern's states fit into memory, which ends for patterns such
as `[ab]*a[ab]{400}c`; then each instruction may need 4 ns for each byte.
"""

_LITERAL_WEIGHT: Final = 8
"""Instructions that a pattern without special characters counts for: it never has many states."""

_LONG_SEARCH: Final = 250_000
"""Steps of a search that may take long: 50 ms if each instruction meets each byte, which is rare."""

_PIECE: Final = 65_536

_GROUPS_PER_INSTRUCTION: Final = 8
"""Groups whose places, where they are wanted, take as long to copy as an instruction takes to execute."""


class _Syntax(Enum):
    """How a pattern is written, by what is special in it."""

    REGEX = re.compile(r"[\\^$.|?*+()\[\]{}]")
    LIKE = re.compile("[%_]")

    def is_literal(self, pattern: str) -> bool:
        """Whether a pattern matches nothing but itself."""
        return self.value.search(pattern) is None


class _Compiled(NamedTuple):
    """A pattern that is ready to search with.

    Attributes:
        regexp: of RE2.
        weight: instructions that each byte of a text may meet.
    """

    regexp: Any
    weight: int


_Key = tuple[_Syntax, str, bool, bool]

_kept: Final[OrderedDict[_Key, _Compiled]] = OrderedDict()


def search(budget: Budget, text: str, pattern: str, *, ignore_case: bool = False) -> bool:
    """Whether a regular expression matches some part of a text.

    Raises:
        HogRuntimeError: it is no regular expression of RE2; `HogInputError` if it is too long.
        LimitExceeded: the budget does not suffice.
    """
    compiled = _compiled(budget, (_Syntax.REGEX, pattern, ignore_case, False))
    return _found(budget, compiled, encoded(budget, text)) is not None


def search_group(budget: Budget, text: str, pattern: str) -> str | None:
    """The first part of a text that a regular expression matches; if it has groups, the first group alone.

    Returns:
        None if nothing matches; an empty text if the group takes no part in the match.

    Raises:
        HogRuntimeError: it is no regular expression of RE2; `HogInputError` if it is too long.
        LimitExceeded: the budget does not suffice.
    """
    compiled = _compiled(budget, (_Syntax.REGEX, pattern, False, True))
    data = encoded(budget, text)
    match = _found(budget, compiled, data)
    if match is None:
        return None
    start, end = match.span(1 if compiled.regexp.groups else 0)
    return decoded(budget, data[start:end]) if start >= 0 else ""


def matches(budget: Budget, text: Value, pattern: Value, *, ignore_case: bool, negated: bool) -> bool:
    """The operators `=~`, `=~*`, `!~` and `!~*`.

    All four are false if one side is null or empty, the negated ones, too.

    Raises:
        HogInputError: one side is neither a text nor null, or the pattern is too long.
        HogRuntimeError: the right side is no regular expression of RE2, or too long.
        LimitExceeded: the budget does not suffice.
    """
    if text is None or pattern is None:
        return False
    name = ("!~" if negated else "=~") + ("*" if ignore_case else "")
    text, pattern = text_argument(name, text), text_argument(name, pattern)
    if not text or not pattern:
        return False
    return search(budget, text, pattern, ignore_case=ignore_case) is not negated


def like(budget: Budget, text: Value, pattern: Value, *, ignore_case: bool) -> bool:
    """Whether some part of a text has the form of a `like` pattern; there is no escape character.

    Raises:
        HogInputError: one of the two is no text, or the pattern is too long.
        LimitExceeded: the budget does not suffice.
    """
    name = "ilike" if ignore_case else "like"
    text, pattern = text_argument(name, text), text_argument(name, pattern)
    _check_length(pattern)
    sought = pattern.strip("%")  # a match may lie anywhere, so a run before or after it changes nothing
    if not ignore_case and _Syntax.LIKE.is_literal(sought):
        budget.text(len(text))
        return sought in text
    compiled = _compiled(budget, (_Syntax.LIKE, sought, ignore_case, False))
    return _found(budget, compiled, encoded(budget, text)) is not None


def _found(budget: Budget, compiled: _Compiled, data: bytes) -> Any:
    work = 1 + len(data) * compiled.weight // _WORK_PER_STEP
    budget.spend(work)
    if work > _LONG_SEARCH:
        _rehearse(budget, compiled, data)
    return compiled.regexp.search(data)


def _rehearse(budget: Budget, compiled: _Compiled, data: bytes) -> None:
    """Search piece by piece first: that takes about as long, and can be stopped between two pieces.

    Raises:
        LimitExceeded: the time is up, or would be before the search, which cannot be stopped, has ended.
    """
    started = time.process_time()
    for start in range(0, len(data), _PIECE):
        if compiled.regexp.search(data, start, start + _PIECE) is not None:
            break
        budget.check()
    budget.foresee(time.process_time() - started)


def _compiled(budget: Budget, key: _Key) -> _Compiled:
    """A compiled pattern; the least recently used one is given up for a new one."""
    compiled = _kept.get(key)
    if compiled is None:
        budget.check()  # one of a thousand characters can take 30 ms, whatever is charged for it
        compiled = _kept[key] = _compile(*key)
        if len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    else:
        _kept.move_to_end(key)
    return compiled


def _compile(syntax: _Syntax, pattern: str, ignore_case: bool, captures: bool) -> _Compiled:
    _check_length(pattern)
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.never_capture = not captures
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    source = pattern.encode("utf-8", "surrogatepass")
    try:
        regexp = re2.compile(_like_as_regex(source) if syntax is _Syntax.LIKE else source, options)
    except re2.error as error:
        raise HogRuntimeError(f"bad regular expression: {_reason(error)}") from None
    finally:
        re2.purge()  # its own cache keeps four times as many
    if syntax.is_literal(pattern):
        return _Compiled(regexp, _LITERAL_WEIGHT)
    return _Compiled(regexp, regexp.programsize * (1 + regexp.groups // _GROUPS_PER_INSTRUCTION))


def _check_length(pattern: str) -> None:
    if len(pattern) > MAX_PATTERN:
        raise HogInputError(f"a pattern has more than {MAX_PATTERN:,} characters")


def _like_as_regex(pattern: bytes) -> bytes:
    wildcards = {b"%": b".*", b"_": b"."}
    return b"".join(wildcards.get(part[:1]) or re2.escape(part) for part in re.split(b"(%+|_)", pattern))


def _reason(error: Exception) -> str:
    """RE2's words for what is wrong; its error carries them as bytes."""
    [said] = error.args
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
