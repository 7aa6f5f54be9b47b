"""Backup and restore: docs/design/backup.md is the format, the order, and what is promised."""
