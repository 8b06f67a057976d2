"""What a model recalls of a benchmark's items: their text, their options, and how sure it is of itself."""
