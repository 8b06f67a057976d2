"""Fits the embedding judge to answers written for this project, and measures it on answers held out."""
