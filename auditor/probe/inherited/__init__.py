"""What a student takes over from its teacher, or loses on the way, on items whose right answers are known."""
