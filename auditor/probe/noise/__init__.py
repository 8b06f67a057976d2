"""How much a model differs from itself when only the circumstances change."""
