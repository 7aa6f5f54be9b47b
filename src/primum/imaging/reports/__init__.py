"""Reports of studies: which there are, where each stands, and how one becomes final (docs/design/reports.md)."""
