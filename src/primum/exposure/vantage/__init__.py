"""A vantage: a Primum elsewhere that looks at us from there, when we ask it to (docs/design/exposure.md, A vantage)."""
