"""The pages, and the viewer that they open."""
