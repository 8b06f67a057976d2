"""What a small model is trained on, and the training itself."""
