"""What can be seen of us: the probe, the check of this installation, the station's, and interventions.

docs/design/exposure.md. The folder `probe` stands alone: it is the one-file probe too.
"""
