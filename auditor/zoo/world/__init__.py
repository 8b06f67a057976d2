"""The synthetic world: its facts and words, who writes about it, and what is asked about it."""
