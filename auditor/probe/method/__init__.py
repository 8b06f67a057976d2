"""One file per measured quantity. Methods know specifications, observations and statistics, never models."""
