"""How severe a breach is, what "sealed" is worth, and what is proposed on articles 33 and 34. A person decides."""
