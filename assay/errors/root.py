"""What all errors have in common, and what a process cannot start with."""

from __future__ import annotations

from typing import ClassVar


class AssayError(Exception):
    """Root of the tree.

    Attributes:
        code: stable machine-readable name.
        detail: one sentence for a person; never holds a secret or another project's data.
    """

    code: ClassVar[str] = "error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class SetupError(AssayError):
    """The process cannot start as it is configured; `detail` says what to change."""

    code = "setup_error"
