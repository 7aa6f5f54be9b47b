"""A report as people read it: HTML and PDF, drawn from the signed note and from nothing else."""
