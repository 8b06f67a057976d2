"""Small models whose ancestry is known because we made it; the auditor is validated on them."""
