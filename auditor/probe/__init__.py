"""Probes: what is asked of the models, and what is concluded from their answers."""
