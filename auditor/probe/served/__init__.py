"""Logged answers of a teacher, and whether a suspect tells them from what the teacher would say again."""
