"""Bodies and query parameters of the resources, one module per resource."""
