"""The registry on SQLite (embedded) or PostgreSQL (distributed), through SQLAlchemy."""

from assay.adapters.sql.bootstrap import BootstrapResult, bootstrap
from assay.adapters.sql.migrations import migrate
from assay.adapters.sql.registry import SqlRegistry, open_registry

__all__ = ["BootstrapResult", "SqlRegistry", "bootstrap", "migrate", "open_registry"]
