"""Judges as models that a scan asks: what kind of answer another model gave."""
