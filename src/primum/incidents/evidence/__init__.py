"""Evidence as it was before anything was closed: one signed file (docs/design/evidence-bundle.md)."""
