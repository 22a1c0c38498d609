"""The gate: pure functions from evidence to a verdict."""
