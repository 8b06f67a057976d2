"""The figures as a page, tables, Markdown and JSON."""
