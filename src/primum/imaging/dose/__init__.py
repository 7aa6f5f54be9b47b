"""What dose reports say: read, put together by study, patient and practice (docs/design/dose.md)."""
