"""Rules over findings: what a scan is judged against."""
