"""Benchmarks of the user's own: their files, their items and twins, and what is asked about them."""
