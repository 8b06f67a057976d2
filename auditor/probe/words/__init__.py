"""How likely every model finds every word of a set of texts."""
