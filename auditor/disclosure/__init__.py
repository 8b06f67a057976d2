"""What a model's maker says about its origin, beside what was measured; and the words that are missing."""
