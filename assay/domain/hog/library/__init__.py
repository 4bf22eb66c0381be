"""The standard library. Importing it declares every function."""

from __future__ import annotations

import importlib
import pkgutil

from assay.domain.hog.library.registry import (
    FUNCTIONS,
    LibraryFunction,
    Machine,
    arity_problem,
    excess_problem,
)

for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(_module.name)

__all__ = ["FUNCTIONS", "LibraryFunction", "Machine", "arity_problem", "excess_problem"]
