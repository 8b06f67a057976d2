"""Labels by people: the random sample they are asked about, and what follows from what they say."""
