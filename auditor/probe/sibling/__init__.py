"""Toward which of two related candidates the suspect leans."""
