"""Agreement of output distributions and of similarity structure."""
