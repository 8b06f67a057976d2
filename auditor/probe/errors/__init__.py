"""Where models are wrong: items with gold answers, and which wrong answers they share."""
