"""What a file says of a breach: the list of facts, how they are filled, and what is left to ask."""
