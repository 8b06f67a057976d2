"""Habits of reasoning traces: what a student may take over from traces that it learned from."""
