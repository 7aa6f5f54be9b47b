"""Storage commitment: what devices asked the archive to answer for, and what came of it (docs/design/commitment.md)."""
