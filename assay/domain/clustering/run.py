"""From vectors to clusters: the whole way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from assay.domain.clustering.model import Clustering, ClusteringParameters

if TYPE_CHECKING:
    from assay.contracts.embeddings import Vectors

_USUAL: Final = ClusteringParameters()


def _silent(_step: str) -> None:
    pass


def cluster(
    vectors: Vectors,
    *,
    settings: ClusteringParameters = _USUAL,
    progress: Callable[[str], None] = _silent,
) -> Clustering:
    """Put items into clusters whose number is not known, and leave out what belongs to none.

    The result depends on the vectors alone: not on their order, and not on chance. Identical vectors get the
    same cluster; a vector of zeros (a text without words) gets none. It may take a minute: call it in a
    process of its own.

    Args:
        vectors: n x d, of any lengths: only directions count.
        settings: how.
        progress: is told the step that begins.

    Raises:
        ValueError: the vectors are no matrix.
    """
    # numpy, scipy and scikit-learn are loaded when there is something to compute
    from threadpoolctl import threadpool_limits

    from assay.domain.clustering.canonical import distinct_rows
    from assay.domain.clustering.describe import described
    from assay.domain.clustering.division import divide

    if vectors.ndim != 2:
        raise ValueError(
            f"Vectors are a matrix, one row for each item; these have {vectors.ndim} dimensions."
        )
    # one thread: sums are then made in one order on every machine, and threads of many
    # small products do not wait for each other when others want the processors too
    with threadpool_limits(1):
        progress("distinct")
        distinct = distinct_rows(vectors)
        division = divide(distinct, settings, progress)
        progress("describe")
        return described(vectors, distinct, division)
