"""The register of article 33(5), what the authority asked and ordered, and the control pack."""
