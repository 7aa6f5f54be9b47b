"""The studies that are complete and that nobody has read yet (docs/design/completion.md)."""
