"""Primum keeps health data sealed, shows who saw it, and says what is true of it right now.

`ls` here is the first diagram of the house; docs/design/house.md is the plan it follows.
"""

__version__ = "0.1.0.dev0"
