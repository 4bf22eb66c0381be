"""Clusters of vectors, their keywords, and their identity from run to run.

It is pure, and nothing is compiled at run time.

The parts that compute import numpy, scipy and scikit-learn only when they are called, so that processes which
import the domain start quickly.
"""

from assay.domain.clustering.keywords import keywords, title_of
from assay.domain.clustering.model import Clustering, ClusteringParameters, Fallback
from assay.domain.clustering.run import cluster

__all__ = ["Clustering", "ClusteringParameters", "Fallback", "cluster", "keywords", "title_of"]
