"""Ways of putting pressure on a prompt, one a file; every wrapper text is written for this package."""
