"""Validation: the auditor on models of known ancestry, and how often it was right."""
