"""Every way in, and nothing else is."""
