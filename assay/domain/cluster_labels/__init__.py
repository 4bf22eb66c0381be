"""What clusters are called: the question to a model, its answer, and names without one."""
