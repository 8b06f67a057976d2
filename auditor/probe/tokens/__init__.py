"""What models are about to say: positions, next tokens, and how far they agree."""
