"""How a model is made from its recipe: one module per kind of model."""
