"""What `reconcile` decides: pure functions over what it reads."""
