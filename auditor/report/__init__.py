"""What a reader sees: one view of a scan, and one renderer per format."""
