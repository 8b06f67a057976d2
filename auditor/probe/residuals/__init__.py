"""Surprise at single words beyond what every control finds surprising."""
