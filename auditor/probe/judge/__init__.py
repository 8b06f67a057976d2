"""Judges: what kind of answer a model gave."""
