"""Measurements of speed and memory, run by hand; see each module's ``--help``."""
