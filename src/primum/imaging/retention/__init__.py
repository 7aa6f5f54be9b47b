"""How long a study is kept, who decides that it goes, and what erasing it leaves (docs/design/retention.md)."""
