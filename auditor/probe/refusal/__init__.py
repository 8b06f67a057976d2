"""Refusals of two models, paired by prompt: counting, showing and concluding."""
