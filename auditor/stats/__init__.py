"""Statistics on arrays. Knows nothing of models, probes or reports."""
