"""Source → compiled program: parse, resolve names, undo what is only notation, find what cannot work.

source ──parsing──▶ tree ──statements, expressions──▶ `assay.domain.hog.program`
"""

from __future__ import annotations

from assay.domain.hog.compiling.scopes import Scopes
from assay.domain.hog.compiling.statements import Statements
from assay.domain.hog.compiling.warnings import Warnings
from assay.domain.hog.generating import generate
from assay.domain.hog.outcomes import CompiledProgram
from assay.domain.hog.parsing import parse, too_deep
from assay.domain.hog.program import TooDeep, bytecode, statements_of
from assay.domain.hog.tree import Tree


def compile_source(source: str) -> CompiledProgram:
    """Compile a source text.

    Only for processes that may be killed: see `assay.domain.hog.parsing`.

    Raises:
        HogCompileError: it is no program.
    """
    return compile_tree(parse(source))


def compile_tree(tree: Tree) -> CompiledProgram:
    """Compile a syntax tree (node `Program`).

    Raises:
        HogCompileError: it is no program.
    """
    if tree.kind != "Program":
        raise tree.fails("This is no program.")
    warnings = Warnings()
    try:
        compiled = bytecode(Statements(Scopes(), warnings).program(tree))
        # What is stored must run: a tree that is not too deep may still become code that is.
        generate(statements_of(compiled))
    except (RecursionError, TooDeep):
        raise too_deep() from None
    return CompiledProgram(compiled, tuple(warnings.lines))
