"""The registry on SQLite (embedded) or PostgreSQL (distributed), through SQLAlchemy."""

from assay.adapters.sql.bootstrap import BootstrapResult, bootstrap
from assay.adapters.sql.migrations import migrate
from assay.adapters.sql.registry import SqlRegistry, open_registry
from assay.adapters.sql.secret_rotation import Rotation, rotate_secrets

__all__ = [
    "BootstrapResult",
    "Rotation",
    "SqlRegistry",
    "bootstrap",
    "migrate",
    "open_registry",
    "rotate_secrets",
]
