"""Investigation of API logs: whose traffic looks like the extraction of a model."""
