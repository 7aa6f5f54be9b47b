"""Speakers of everything that is neither DICOM nor web: each a file."""
