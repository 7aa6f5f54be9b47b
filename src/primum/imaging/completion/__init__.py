"""When a study is complete, and what follows from it (docs/design/completion.md)."""
