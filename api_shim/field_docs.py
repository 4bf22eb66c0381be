"""What the docstrings under the fields of a model say, read when somebody wants to know it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from types import ModuleType

from pydantic import BaseModel


def field_docs(model: type[BaseModel]) -> Mapping[str, str]:
    """The docstrings of a model's fields, by their names, those of its bases included.

    pydantic's own `use_attribute_docstrings` says the same. It reads the source of a whole module for each
    class, when that is defined: a second and more at every start, for a page that is seldom looked at.
    """
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if issubclass(cls, BaseModel) and (module := inspect.getmodule(cls)) is not None:
            found |= _documented(module).get(cls.__qualname__, {})
    return {name: doc for name, doc in found.items() if name in model.model_fields}


@cache
def _documented(module: ModuleType) -> Mapping[str, Mapping[str, str]]:
    """The docstrings of all classes of a module."""
    return {name: dict(_docstrings(cls)) for name, cls in _classes(ast.parse(inspect.getsource(module)), "")}


def _classes(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.ClassDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield prefix + child.name, child
            yield from _classes(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _classes(child, f"{prefix}{child.name}.<locals>.")
        else:
            yield from _classes(child, prefix)


def _docstrings(cls: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """The string under each annotated name, without its indentation."""
    for field, below in pairwise(cls.body):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, inspect.cleandoc(text)
