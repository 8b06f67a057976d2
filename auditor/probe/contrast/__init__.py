"""Answers of the candidates themselves, and how likely the suspect finds them beyond its reference."""
