"""What all lists have in common."""

from __future__ import annotations

from assay.contracts.base import Contract


class ListQuery(Contract):
    """Order and page of a list; each list adds its filters.

    Attributes:
        order_by: names that the list allows; a leading `-` is descending. Empty: the list's own order.
        limit: objects per page.
        offset: objects before the page.
    """

    order_by: tuple[str, ...] = ()
    limit: int = 100
    offset: int = 0
