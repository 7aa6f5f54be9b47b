"""The check: what this installation is like, line by line, each with its evidence (docs/design/exposure.md)."""
