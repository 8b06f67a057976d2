"""Parts of the measurement of benchmark overfitting."""
