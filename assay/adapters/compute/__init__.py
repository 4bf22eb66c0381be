"""Heavy computations, in processes of their own."""

from assay.adapters.compute.pool import ComputeProcesses

__all__ = ["ComputeProcesses"]
