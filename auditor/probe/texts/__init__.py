"""Likeness of written answers, from texts alone."""
