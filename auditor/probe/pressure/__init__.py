"""Unsafe prompts asked under pressure: how they are put, how answers are read, and what is concluded."""
