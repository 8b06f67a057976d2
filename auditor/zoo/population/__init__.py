"""Populations: which models a preset makes, one module per family of models."""
