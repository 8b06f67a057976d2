"""Seals and bundles: a run signed by who made it, packed so that a stranger can check it without a model."""
