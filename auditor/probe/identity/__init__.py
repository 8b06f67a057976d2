"""What models say of themselves: whose they are, and under which name."""
