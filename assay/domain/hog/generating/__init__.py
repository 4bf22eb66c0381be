"""Compiled program → code of Python's own machine.

A program becomes Python functions whose every operation is a call into `assay.domain.hog.machine`'s
namespace. This is as safe as interpreting the nodes: the code is built as a syntax tree from a fixed set of
shapes, with numbered names, and its namespace holds the operations and nothing else, not even builtins.
"""

from __future__ import annotations

from types import CodeType

from assay.domain.hog.generating import python as py
from assay.domain.hog.generating.statements import MAIN, ProgramGenerator
from assay.domain.hog.program import InvalidProgram, Node, TooDeep

__all__ = ["MAIN", "generate"]


def generate(statements: list[Node]) -> CodeType:
    """Generate the code of a compiled program's statements. It defines a function `main` without parameters.

    Raises:
        InvalidProgram: these are no statements of a compiled program.
    """
    try:
        module = ProgramGenerator(statements).module()
        return compile(module, py.FILENAME, "exec", dont_inherit=True, optimize=0)
    except RecursionError:
        raise TooDeep("This compiled program is nested too deeply.") from None
    except (ArithmeticError, AttributeError, LookupError, SyntaxError, TypeError, ValueError):
        raise InvalidProgram("This compiled program is damaged.") from None
