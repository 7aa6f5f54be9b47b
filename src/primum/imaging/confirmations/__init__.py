"""What destinations say of what we sent them: that they answer for it, or do not (docs/design/commitment.md)."""
