"""The evidence in SQLite: append-only, chained by digest, resumable."""
