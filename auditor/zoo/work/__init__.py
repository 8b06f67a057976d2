"""How a population is made by several processes that may be stopped at any time."""
