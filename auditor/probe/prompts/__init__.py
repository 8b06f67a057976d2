"""Sets of safe and unsafe prompts that users bring: layouts of the published ones, and reading them."""
