"""What the findings of an experiment add up to, with intervals."""
