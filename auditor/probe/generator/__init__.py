"""Generators of benchmark items with closed-form answers: the same seed gives the same items.

Two draws of one generator under different seeds are exchangeable for a model that has seen neither,
which is what makes the comparison of published with fresh items an exact test.
"""
