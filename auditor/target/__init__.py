"""How a model is asked: one file per kind of access."""
