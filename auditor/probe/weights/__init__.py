"""Weights laid beside each other by sketches of them."""
