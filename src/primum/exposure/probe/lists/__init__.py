"""Dated lists of what products come with. Facts, each with its source."""
