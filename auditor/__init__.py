"""Audit of distillation risks: was this model distilled from that one, and what was lost on the way?"""

__version__ = "0.1.0"
