"""The doctor's own computer: one file that looks at it, its result read back and kept (SAN-2020-015 § 24-27)."""
